import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ElementType, GraphBuilder } from '../../../../agents/lab/training/onnx-graph.js';

/** Words of the tiny tokenizer by id. Each has the row [id, 1, -id] in the tiny network. */
export const WORDS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'red', 'green', 'blue'] as const;

/** A tokenizer.json of the BERT class: lower case, words, `[CLS]` before and `[SEP]` behind. */
export function tinyTokenizer(): object {
  const special = (id: number, content: string) => ({
    id,
    content,
    special: true,
    lstrip: false,
    rstrip: false,
    single_word: false,
    normalized: false,
  });
  const mark = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  return {
    version: '1.0',
    added_tokens: [special(0, '[PAD]'), special(1, '[UNK]'), special(2, '[CLS]'), special(3, '[SEP]')],
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [mark('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, mark('[SEP]')],
      pair: [],
      special_tokens: {
        '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
        '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
      },
    },
    decoder: null,
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(WORDS.map((word, id) => [word, id])),
    },
  };
}

export interface TinyModel {
  /** `states`: of each token; `sentence`: the sum of those in the mask; `scalar`: neither; `both`: states and sentence. */
  readonly gives?: 'states' | 'sentence' | 'scalar' | 'both';
  readonly types?: boolean;
  readonly strange?: boolean;
  readonly scale?: number;
}

/** A network that looks up rows of three numbers, and nothing more. */
export function tinyModel({ gives = 'states', types = false, strange = false, scale = 1 }: TinyModel = {}): Uint8Array {
  const graph = new GraphBuilder('tiny');
  const input = (name: string, type: ElementType = 'int64') => graph.input(name, type, ['batch', 'tokens']);
  const [ids, mask] = [input('input_ids'), input('attention_mask')];
  const table = Float32Array.from(
    WORDS.flatMap((_, id) => [id, 1, -id]),
    (value) => value * scale,
  );
  let states = graph.node('Gather', [graph.tensor('table', [WORDS.length, 3], table), ids]);
  for (const name of [...(types ? ['token_type_ids'] : []), ...(strange ? ['position_ids'] : [])]) {
    const added = graph.node('Unsqueeze', [graph.cast(input(name), 'float'), graph.ints(2)]);
    states = graph.node('Add', [states, added]);
  }
  const kept = graph.node('Mul', [states, graph.node('Unsqueeze', [graph.cast(mask, 'float'), graph.ints(2)])]);
  if (gives === 'states' || gives === 'both') {
    graph.node('Identity', [states], {}, ['last_hidden_state']);
    graph.output('last_hidden_state', 'float', ['batch', 'tokens', 3]);
  }
  if (gives === 'sentence' || gives === 'both') {
    graph.node('ReduceSum', [kept, graph.ints(1)], { keepdims: 0 }, ['sentence_embedding']);
    graph.output('sentence_embedding', 'float', ['batch', 3]);
  }
  if (gives === 'scalar') {
    graph.node('ReduceSum', [kept, graph.ints(1, 2)], { keepdims: 0 }, ['score']);
    graph.output('score', 'float', ['batch']);
  }
  return graph.toBytes();
}

/** Writes both files; undefined leaves one out. */
export function writeEncoder(
  folder: string,
  model: Uint8Array | undefined,
  tokenizer: unknown = tinyTokenizer(),
): void {
  if (model !== undefined) writeFileSync(join(folder, 'model.onnx'), model);
  if (tokenizer !== null)
    writeFileSync(
      join(folder, 'tokenizer.json'),
      typeof tokenizer === 'string' ? tokenizer : JSON.stringify(tokenizer),
    );
}
