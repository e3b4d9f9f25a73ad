import { type MediaKind, mediaOf } from '../../syscalls/chat-message.js';
import type { CoreInfo } from '../../syscalls/cores.js';
import { SyscallError } from '../../syscalls/errors.js';
import { type ChatParams, coresOf } from '../../syscalls/llm-chat.js';
import type { CoreId } from '../../syscalls/syscall.js';
import type { LLMCore } from '../cores/core.js';

/** A core with the limits that hold now. */
interface Candidate {
  readonly info: CoreInfo;
  readonly core: LLMCore;
}

/**
 * Cores that can serve a call, in config order.
 *
 * @param allowed cores that the token may use; undefined: all
 * @throws SyscallError `no-eligible-core`, saying for each core why not
 */
export function eligibleCores(
  candidates: Iterable<Candidate>,
  params: ChatParams,
  inputTokens: number,
  allowed: readonly CoreId[] | undefined,
): readonly CoreId[] {
  const eligible: CoreId[] = [];
  const reasons: string[] = [];
  const media = mediaIn(params.messages);
  for (const candidate of candidates) {
    const { id } = candidate.info;
    const reason = whyNot(candidate, params, inputTokens, media, allowed);
    if (reason === undefined) eligible.push(id);
    else reasons.push(`${id}: ${reason}`);
  }
  if (eligible.length === 0) {
    throw new SyscallError('no-eligible-core', `No core can serve this call. ${reasons.slice(0, 32).join('; ')}`);
  }
  return eligible;
}

function whyNot(
  { info, core }: Candidate,
  params: ChatParams,
  inputTokens: number,
  media: readonly MediaKind[],
  allowed: readonly CoreId[] | undefined,
): string | undefined {
  const { maxTokens = 0, minQuality, responseFormat, tools } = params;
  const tokens = inputTokens + maxTokens;
  if (coresOf(params)?.includes(info.id) === false) return 'not in params.cores';
  if (allowed !== undefined && !allowed.includes(info.id)) return 'not allowed by the token';
  if (info.cap === 0) return 'its cap is 0';
  if (tokens > info.contextWindow) return `${tokens} tokens exceed its context window of ${info.contextWindow}`;
  if (info.tokensPerMinute !== undefined && tokens > info.tokensPerMinute) {
    return `${tokens} tokens exceed its limit of ${info.tokensPerMinute} a minute`;
  }
  if (tools !== undefined && !info.tools) return 'it cannot call tools';
  if (responseFormat !== undefined && responseFormat.type !== 'text' && !info.responseFormat) {
    return 'it cannot be held to a response format';
  }
  const setting = info.unsupported?.find((name) => params[name] !== undefined);
  if (setting !== undefined) return `it does not take ${setting}`;
  const unreadable = media.find((kind) => info.inputs?.includes(kind) !== true);
  if (unreadable !== undefined) return `it cannot read ${PLURAL[unreadable]}`;
  const misconfigured = core.health?.().misconfigured;
  if (misconfigured !== undefined) return `it is closed: ${misconfigured}`;
  if (minQuality !== undefined && info.quality !== undefined && info.quality < minQuality) {
    return `its quality of ${info.quality} is below minQuality ${minQuality}`;
  }
  return core.refuses?.(params);
}

const PLURAL: Readonly<Record<MediaKind, string>> = { image: 'images', audio: 'audio', file: 'files' };

function mediaIn(messages: ChatParams['messages']): readonly MediaKind[] {
  const kinds = new Set<MediaKind>();
  for (const { content } of messages) {
    if (typeof content !== 'object' || content === null) continue;
    for (const part of content) {
      const kind = mediaOf(part);
      if (kind !== undefined) kinds.add(kind);
    }
  }
  return [...kinds];
}
