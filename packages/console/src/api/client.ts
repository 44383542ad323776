import { Client } from 'orchestrajs/client'

/** Where the console is: what the page was told stands before all paths. */
export const base = new URL('.', document.baseURI)

/** Its path without a slash at the end: empty at the root. */
export const basePath = base.pathname.replace(/\/$/, '')

/** One that changes nothing is tried again by whoever shows it, so that he can say so meanwhile. */
export const client = new Client({ url: base, patience: { tries: 2 } })

interface Told {
  providers: string[]
  signIn: boolean
}

/** What the page says before anything was asked. */
export const told: Told = JSON.parse(
  document.querySelector<HTMLMetaElement>('meta[name=orchestra]')?.content ??
    '{"providers":[],"signIn":true}',
)

/** The address of something of the API, for people to copy. */
export function apiUrl(path: string): string {
  return new URL(`api/v1${path}`, base).href
}
