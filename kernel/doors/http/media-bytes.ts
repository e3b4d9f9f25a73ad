import { isObject, objectAt, textAt } from '../../json.js';

/** Characters of the images, sounds and files among messages that are not checked yet: they have a limit of their own. */
export function mediaBytes(messages: unknown): number {
  if (!Array.isArray(messages)) return 0;
  let bytes = 0;
  for (const message of messages) {
    const content = isObject(message) ? message['content'] : undefined;
    for (const part of Array.isArray(content) ? content : []) {
      bytes += textAt(objectAt(part, 'image_url'), 'url')?.length ?? 0;
      bytes += textAt(objectAt(part, 'input_audio'), 'data')?.length ?? 0;
      bytes += textAt(objectAt(part, 'file'), 'file_data')?.length ?? 0;
    }
  }
  return bytes;
}
