/** What a page shows of a site. */
export interface PageContent {
  title: string
  body: string
}

/** A whole page; whatever title and body hold shows as text. */
export function page({ title, body }: PageContent): string {
  return documentOf(title, `<h1>${escapeHtml(title)}</h1>\n<p class="body">${escapeHtml(body)}</p>`)
}

/** Wraps markup that is safe already into a document. */
export function documentOf(title: string, markup: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(oneLine(title))}</title>
<style>
body { font: 18px/1.6 system-ui, sans-serif; max-width: 42rem; margin: 4rem auto; padding: 0 1.5rem; color: #1d2733; background: #fbfaf7 }
h1 { line-height: 1.2; color: #12455c; overflow-wrap: anywhere }
a { color: #0b6e8f }
.body { white-space: pre-wrap; overflow-wrap: anywhere }
.small { color: #6b7680; font-size: 0.85em }
</style>
</head>
<body>
${markup}
</body>
</html>
`
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as it may stand anywhere in HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character)
}

/** The same text without line breaks and other control characters. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim()
}
