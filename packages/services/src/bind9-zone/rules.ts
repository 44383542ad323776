/** A record, as far as these rules look at it. */
interface Entry {
  name: string
  type: string
  value: string
  ttl?: number | undefined
}

interface Zone {
  name: string
  ttl: number
  records: readonly Entry[]
}

export interface Problem {
  /** Which record, counted from 0. */
  index: number
  field: 'name' | 'ttl' | 'value'
  message: string
}

/** What named would load without a word and answer otherwise than the records say, or never. */
export function problemsOf(zone: Zone): Problem[] {
  const names = namesOf(zone)
  return zone.records.flatMap((record, index) =>
    [misplaced(zone, record), hidden(names, record), secondTtl(names, zone, record), misled(names, record)]
      .filter((problem) => problem !== null)
      .map((problem) => ({ index, ...problem })),
  )
}

type Found = Omit<Problem, 'index'> | null

/** Names of a zone in lower case, relative to it, and what it gives away. */
interface Names {
  own: ReadonlySet<string>
  /** Where other zones begin. */
  cuts: ReadonlySet<string>
  /** Names of name servers: their addresses may stand below a cut. */
  glue: ReadonlySet<string>
  /** The ttl of the first record of each name and type. */
  ttls: ReadonlyMap<string, number>
}

function namesOf({ records, ttl }: Zone): Names {
  const named = records.map((record) => ({ ...record, name: record.name.toLowerCase() }))
  const servers = named.filter(({ type }) => type === 'NS')
  return {
    own: new Set(['@', ...named.flatMap(({ name }) => withParents(name))]),
    cuts: new Set(
      named
        .filter(({ name, type }) => type === 'DNAME' || (type === 'NS' && name !== '@'))
        .map(({ name }) => name),
    ),
    glue: new Set(servers.map(({ value }) => value.toLowerCase())),
    // Of two with one key a map keeps the last.
    ttls: new Map(records.toReversed().map((record) => [setOf(record), record.ttl ?? ttl])),
  }
}

/** A name with names below it is one too, though it has no record. */
function withParents(name: string): string[] {
  const labels = name.split('.')
  return labels.map((_, index) => labels.slice(index).join('.'))
}

/** `www.a.example` in the zone a.example would be www.a.example.a.example. */
function misplaced({ name: zone }: Zone, { name }: Entry): Found {
  const full = `.${name.toLowerCase()}`.endsWith(`.${zone}`)
  return full ? { field: 'name', message: `write it relative to the zone, without .${zone}` } : null
}

/** Below a cut another zone answers. */
function hidden({ cuts, glue }: Names, { name, type }: Entry): Found {
  const lower = name.toLowerCase()
  if ((type === 'A' || type === 'AAAA') && glue.has(lower)) return null
  const [, ...parents] = withParents(lower)
  const cut = parents.find((parent) => cuts.has(parent))
  return cut === undefined
    ? null
    : {
        field: 'name',
        message: `it would never be answered: names below ${cut} are given away by its NS or DNAME`,
      }
}

/** Records of one name and type are answered together; the first one's time is taken for all. */
function secondTtl({ ttls }: Names, { ttl }: Zone, record: Entry): Found {
  const differs = ttls.get(setOf(record)) !== (record.ttl ?? ttl)
  return differs ? { field: 'ttl', message: 'all records of one name and type have one ttl' } : null
}

function setOf({ name, type }: Entry): string {
  return `${name.toLowerCase()} ${type}`
}

const target = String.raw`((?:\*\.)?[\w-]{1,63}(?:\.[\w-]{1,63})*\.?|@|\.)`

/** How the data of types that lead to a name end. */
const forms: Readonly<Record<string, RegExp>> = {
  CNAME: new RegExp(`^${target}$`),
  DNAME: new RegExp(`^${target}$`),
  NS: new RegExp(`^${target}$`),
  PTR: new RegExp(`^${target}$`),
  MX: new RegExp(String.raw`^\d{1,5} ${target}$`),
  SRV: new RegExp(String.raw`^\d{1,5} \d{1,5} \d{1,5} ${target}$`),
}

/** A name that is meant full and lacks its last dot would lead into the zone, to nothing. */
function misled(names: Names, { type, value }: Entry): Found {
  const form = forms[type]
  if (form === undefined) return null
  const name = form.exec(value)?.[1]?.toLowerCase()
  if (name === undefined) return { field: 'value', message: `it is not what ${type} leads to` }
  if (name.endsWith('.') || isInZone(names, name)) return null
  return { field: 'value', message: `${name} is no name of this zone; a full name ends with a dot` }
}

function isInZone({ own, cuts }: Names, name: string): boolean {
  const [, ...parents] = withParents(name)
  return own.has(name) || parents.some((parent) => cuts.has(parent) || own.has(`*.${parent}`)) || own.has('*')
}
