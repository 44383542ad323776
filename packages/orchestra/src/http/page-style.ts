import { createHash } from 'node:crypto'

/** How the few pages look that there are. */
export const style = `
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 4rem auto; padding: 0 1rem; color-scheme: light dark }
label, input, button { display: block; font: inherit; margin-top: .5rem } input { width: 100%; box-sizing: border-box }
[hidden] { display: none }
`

/** As a content security policy names what alone runs, or is shown. */
export function hashed(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}
