import { randomBytes } from 'node:crypto'
import type { BuiltConsole } from './built-console.ts'
import { escaped } from './problem-page.ts'

/** What the page is told before anybody has asked for anything. */
export interface Told {
  /** Providers of identities that people come in by. */
  providers: readonly string[]
  /** Whether people come in here; elsewhere the application has let them in. */
  signIn: boolean
}

export interface ConsolePage {
  html: string
  policy: string
}

/**
 * The page of the console. Its scripts are found from where the page is, so that it works below whatever stands before its paths, be
 * that known here or cut off by a proxy.
 * @param up how the page's own address leads to where the console begins: `../`
 */
export function consolePage({ page }: BuiltConsole, told: Told, up: string): ConsolePage {
  const nonce = randomBytes(16).toString('base64')
  const head = [
    `<base href="${escaped(up)}">`,
    `<meta property="csp-nonce" nonce="${nonce}">`,
    `<meta name="orchestra" content="${escaped(JSON.stringify(told))}">`,
  ]
  return { html: page.replace('<head>', () => `<head>${head.join('')}`), policy: policyWith(nonce) }
}

/** Its own scripts and styles alone; nothing that comes from a server or a row can become either. */
function policyWith(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    // The widgets put one rule into the page, which carries this.
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')
}

/** From where a page is to where the console begins, by the parts of its path; `base` is what stands before that path, if it is known. */
export function upFrom(path: string, base: string): string {
  const parts = path.split('/').length - 2
  // `/orchestra` without a slash at its end stands beside what is below it.
  const isBeside = path === '/' && base !== ''
  return isBeside ? `./${base.split('/').at(-1)}/` : '../'.repeat(parts) || './'
}
