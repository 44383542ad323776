import { ApiError } from 'orchestrajs/client'
import { client } from '../../api/client.ts'

let trouble: ApiError | null = null

/** Why the link did not let anybody in. */
export function linkTrouble(): ApiError | null {
  return trouble
}

/** Uses a link in the address, once, and takes it out of the address before anything else can see it. */
export async function enterByLink(): Promise<void> {
  const [, link] = /^#link=([\w-]+)$/.exec(location.hash) ?? []
  if (link === undefined) return
  history.replaceState(null, '', location.pathname + location.search)
  try {
    await client.ask('POST /session/link', { link })
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    trouble = error
  }
}
