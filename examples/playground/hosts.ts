import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A site as it stands on a server. */
export interface HostedSite {
  id: string
  domain: string
  aliases: readonly string[]
}

/** Files read at once. */
const batchSize = 64

/**
 * Knows which site a host name leads to, by what lies on the server now. What it remembers is checked against the disk
 * at each request, so a change shows at once and a thousand sites are not read for one page.
 */
export class HostIndex {
  readonly #directory: string
  #sites: readonly HostedSite[] = []
  #byDomain = new Map<string, HostedSite>()

  constructor(serverDirectory: string) {
    this.#directory = join(serverDirectory, 'hosts')
  }

  /** The site of a host name: its own domain counts before the alias of another. */
  async find(host: string): Promise<HostedSite | undefined> {
    const known = this.#byDomain.get(host)
    if (known !== undefined && (await this.#read(known.id))?.domain === host) return known
    const sites = await this.list()
    return this.#byDomain.get(host) ?? sites.find((site) => site.aliases.includes(host))
  }

  /** All sites, by domain. */
  async list(): Promise<readonly HostedSite[]> {
    const ids = (await readdir(this.#directory).catch(whenMissing(() => []))).filter((name) =>
      /^\d+$/.test(name),
    )
    const sites: HostedSite[] = []
    for (let at = 0; at < ids.length; at += batchSize) {
      const batch = await Promise.all(ids.slice(at, at + batchSize).map((id) => this.#read(id)))
      sites.push(...batch.filter((site) => site !== undefined))
    }
    this.#sites = sites.sort((one, other) => (one.domain < other.domain ? -1 : 1))
    this.#byDomain = new Map(this.#sites.map((site) => [site.domain, site]))
    return this.#sites
  }

  async #read(id: string): Promise<HostedSite | undefined> {
    const text = await readFile(join(this.#directory, id), 'utf8').catch(whenMissing(() => ''))
    const [domain, ...aliases] = text.split('\n').filter((line) => line !== '')
    return domain === undefined ? undefined : { id, domain, aliases }
  }
}

/** Answers something else where a file is not there, and lets other errors pass. */
export function whenMissing<Value>(instead: () => Value): (error: unknown) => Value {
  return (error) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return instead()
    throw error
  }
}
