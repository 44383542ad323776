import type { HttpConfig } from '../config/http.ts'

/** Where browsers find the API. */
export interface Site {
  /** What the configuration says; undefined where it is the address that is listened at. */
  origin: string | undefined
  /** Nobody on the way reads along: a browser is to send its cookie by TLS alone. */
  secure: boolean
}

export function siteOf({ url }: Pick<HttpConfig, 'url'>): Site {
  return { origin: url ?? undefined, secure: url?.startsWith('https:') === true }
}

/** The name that the API goes by there. */
export function hostOf({ origin }: Site): string | undefined {
  return origin === undefined ? undefined : new URL(origin).hostname.replace(/^\[|\]$/g, '')
}
