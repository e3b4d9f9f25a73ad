import { imageSize } from 'image-size';
import type { ContentPart } from '../syscalls/chat-message.js';

/** OpenAI's rule for images ("Images and vision", API guide): a base, and so much for each tile of 512 pixels. */
const IMAGE = { base: 85, tile: 170, tilePixels: 512, fit: 2048, shortSide: 768 } as const;
/** An image whose size is not known, because it is elsewhere: one of 1,024 by 1,024 pixels. */
const UNKNOWN_IMAGE = 765;
/** Characters of base64 that hold the header of an image with its size. */
const HEADER_CHARS = 64 * 1024;
/** Google's rule for audio: 32 tokens a second. MP3 at 128 kbit/s has 16,000 bytes in one, WAV at 24 kHz three times as many. */
const AUDIO_TOKENS_PER_SECOND = 32;
const AUDIO_BYTES_PER_SECOND = { wav: 48_000, other: 16_000 } as const;
/** A page of a document has about 50,000 bytes, and Google counts 258 tokens for one. */
const FILE_BYTES_PER_TOKEN = 200;
/** A file that only the provider has. */
const UNKNOWN_FILE = 1000;

/**
 * Tokens of the parts of a message that are no text: an estimate, since every provider has a rule of its own, and a reply
 * holds the provider's count.
 */
export function mediaTokens(parts: readonly ContentPart[]): number {
  return parts.reduce((sum, part) => sum + partTokens(part), 0);
}

function partTokens(part: ContentPart): number {
  switch (part.type) {
    case 'image_url':
      return part.image_url.detail === 'low' ? IMAGE.base : imageTokens(part.image_url.url);
    case 'input_audio': {
      const { data, format } = part.input_audio;
      const perSecond = format === 'wav' ? AUDIO_BYTES_PER_SECOND.wav : AUDIO_BYTES_PER_SECOND.other;
      return Math.ceil((bytesOf(data) / perSecond) * AUDIO_TOKENS_PER_SECOND);
    }
    case 'file': {
      const { file_data: data } = part.file;
      return data === undefined ? UNKNOWN_FILE : Math.ceil(bytesOf(data) / FILE_BYTES_PER_TOKEN);
    }
    default:
      return 0;
  }
}

function bytesOf(base64: string): number {
  return (base64.length * 3) / 4;
}

function imageTokens(url: string): number {
  const size = url.startsWith('data:') ? sizeOf(url) : undefined;
  if (size === undefined) return UNKNOWN_IMAGE;
  const fit = Math.min(1, IMAGE.fit / Math.max(size.width, size.height));
  const short = Math.min(1, IMAGE.shortSide / (Math.min(size.width, size.height) * fit));
  const tiles = (side: number) => Math.max(1, Math.ceil((side * fit * short) / IMAGE.tilePixels));
  return IMAGE.base + IMAGE.tile * tiles(size.width) * tiles(size.height);
}

function sizeOf(url: string): { readonly width: number; readonly height: number } | undefined {
  const start = url.indexOf(',') + 1;
  try {
    const size = imageSize(Buffer.from(url.slice(start, start + HEADER_CHARS), 'base64'));
    return size.width > 0 && size.height > 0 ? size : undefined;
  } catch {
    return undefined;
  }
}
