import { hashed, style } from './page-style.ts'
import type { Problem } from './problem.ts'

/** A problem for somebody whose browser was led to it: text, and nothing that runs. */
export function problemPage({ title, detail, hint, code, requestId }: Problem): string {
  const lines = [detail, hint].filter((line) => line !== null).map((line) => `<p>${escaped(line)}</p>`)
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${style}</style>
<h1>Orchestra</h1>${lines.join('\n')}
<p><small>${escaped(code)}, request ${escaped(requestId)}</small></p><p><a href="/">Log in</a></p></html>
`
}

export const problemPolicy = `default-src 'none'; style-src ${hashed(style)}; base-uri 'none'; frame-ancestors 'none'`

/** Whether whoever asks wants to look at the answer. */
export function isLooking(accept: string | undefined): boolean {
  return accept?.split(',').some((type) => type.trim().toLowerCase().startsWith('text/html')) === true
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => escapes[character] ?? '')
}
