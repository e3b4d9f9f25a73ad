import { expect, test } from 'vitest';
import { breakable, html, Markup } from '../../../../../agents/lab/render/page/markup.js';

const NASTY = `<b a="1" b='2'>&</b>`;
const ESCAPED = '&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;&lt;/b&gt;';

test('values are escaped in text and attributes, in lists too, and markup is not escaped twice', () => {
  expect(html`<i title="${NASTY}">${[NASTY, html`<u>${NASTY}</u>`]}</i>`.toString()).toBe(
    `<i title="${ESCAPED}">${ESCAPED}<u>${ESCAPED}</u></i>`,
  );
});

test('nothing is written where there is nothing, and zero is something', () => {
  expect(html`a${null}b${0}c${[]}`.toString()).toBe('ab0c');
});

test('what is trusted stays as it is', () => {
  expect(html`${Markup.trusted('<br>')}`.toString()).toBe('<br>');
});

test('a name can be broken after its signs, and its text is the same', () => {
  const name = 'per-call:min=0.7,<b>';
  const text = breakable(name).toString();
  expect(text).toBe('per-call:<wbr>min=<wbr>0.7,<wbr>&lt;b&gt;');
});
