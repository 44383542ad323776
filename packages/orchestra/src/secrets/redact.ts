import type { Secret } from './secret.ts'
import { type NamedSecret, SHORTEST_SECRET, variantsOf } from './variants.ts'

interface Needle {
  bytes: Buffer
  mask: Buffer
}

/**
 * Bytes of a secret that are compared at a place. Where so many stand, the rest is followed once and masked as far as it goes: comparing
 * megabytes at each place that is like their beginning would take hours for a text of nothing but quotes.
 */
const HEAD = 1024

/** What stands at a place of the data: nothing, secrets with this head, or what may become one when more bytes come. */
type Found =
  | { kind: 'none' }
  | { kind: 'match'; needles: readonly Needle[]; size: number }
  | { kind: 'perhaps' }

const NONE: Found = { kind: 'none' }
const PERHAPS: Found = { kind: 'perhaps' }

/**
 * The secrets of one script in every form they are searched in, indexed by their first bytes: the cost for each byte of
 * output does not grow with the number of secrets.
 */
export class SecretIndex {
  /** One bit for every pair of bytes that begins a secret: nearly every place is dismissed by it. */
  readonly #pairs = new Uint8Array(65_536)
  readonly #byPrefix = new Map<number, Needle[]>()
  /** The first one, two and three bytes of every secret, as latin1. */
  readonly #beginnings = new Set<string>()
  readonly isEmpty: boolean

  constructor(secrets: readonly NamedSecret[]) {
    const needles = needlesOf(secrets)
    this.isEmpty = needles.length === 0
    for (const needle of needles) this.#add(needle)
    for (const group of this.#byPrefix.values()) group.sort((a, b) => b.bytes.length - a.bytes.length)
  }

  /** Replaces every secret in a text that is already complete. */
  redact(text: string): string {
    if (this.isEmpty) return text
    const redactor = new Redactor(this)
    return Buffer.concat([redactor.push(Buffer.from(text)), redactor.end()]).toString()
  }

  /** The first place from `start` on where a secret begins or may begin; the length of the data when there is none. */
  candidate(data: Buffer, start: number): number {
    const last = data.length - 1
    for (let at = start; at < last; at++) {
      if (this.#pairs[((data[at] as number) << 8) | (data[at + 1] as number)] === 1) return at
    }
    return start <= last && this.#beginnings.has(data.toString('latin1', last)) ? last : data.length
  }

  /** The longest secret at a place; no decision while a longer one may still follow. */
  find(data: Buffer, at: number, isLast: boolean): Found {
    const rest = data.length - at
    if (rest < SHORTEST_SECRET) {
      return !isLast && this.#beginnings.has(data.toString('latin1', at)) ? PERHAPS : NONE
    }
    const group = this.#byPrefix.get(data.readInt32BE(at)) ?? []
    for (const { bytes } of group) {
      const head = Math.min(bytes.length, HEAD)
      const size = Math.min(rest, head)
      if (size < head && isLast) continue
      if (data.compare(bytes, 0, size, at, at + size) !== 0) continue
      if (size < head) return PERHAPS
      return { kind: 'match', needles: group.filter((other) => beginsAlike(bytes, other.bytes, head)), size }
    }
    return NONE
  }

  #add(needle: Needle): void {
    const { bytes } = needle
    this.#pairs[bytes.readUInt16BE(0)] = 1
    for (const length of [1, 2, 3]) this.#beginnings.add(bytes.toString('latin1', 0, length))
    const prefix = bytes.readInt32BE(0)
    const group = this.#byPrefix.get(prefix)
    if (group === undefined) this.#byPrefix.set(prefix, [needle])
    else group.push(needle)
  }
}

/** Whether another secret may stand where the head of this one does; a shorter one may not, because this one is longer. */
function beginsAlike(bytes: Buffer, other: Buffer, head: number): boolean {
  return (
    other.length >= head &&
    (other.length === head || head === HEAD) &&
    other.compare(bytes, 0, head, 0, head) === 0
  )
}

/** Replaces secrets in one stream of bytes, however it is cut; holds back only what may be the beginning of a secret. */
export class Redactor {
  readonly #index: SecretIndex
  #held: Buffer = Buffer.alloc(0)
  /** Secrets whose heads were masked, and how far each has been followed. */
  #followed: Followed[] = []

  constructor(index: SecretIndex) {
    this.#index = index
  }

  push(bytes: Uint8Array): Buffer {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (this.#index.isEmpty) return chunk
    return this.#redact(this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]), false)
  }

  /** The stream is over: what was held back is no secret. */
  end(): Buffer {
    return this.#redact(this.#held, true)
  }

  #redact(data: Buffer, isLast: boolean): Buffer {
    const parts: Buffer[] = []
    let kept = this.#follow(data, 0)
    let at = this.#index.candidate(data, kept)
    while (at < data.length) {
      const found = this.#index.find(data, at, isLast)
      if (found.kind === 'perhaps') break
      if (found.kind === 'match') {
        const { needles, size } = found
        parts.push(data.subarray(kept, at), (needles[0] as Needle).mask)
        this.#followed = needles.map(({ bytes }) => ({ bytes, at: size }))
        kept = this.#follow(data, at + size)
      }
      at = this.#index.candidate(data, found.kind === 'match' ? kept : at + 1)
    }
    // Copied, so that the few bytes held back do not keep the whole chunk in memory.
    this.#held = Buffer.from(data.subarray(at))
    parts.push(data.subarray(kept, at))
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
  }

  /** Where the secrets that are followed end, or stop being what stands here; what is left of them goes on in the next bytes. */
  #follow(data: Buffer, from: number): number {
    let end = from
    this.#followed = this.#followed.filter((one) => {
      const size = alike(one.bytes, one.at, data, from)
      end = Math.max(end, from + size)
      one.at += size
      return from + size === data.length && one.at < one.bytes.length
    })
    return end
  }
}

interface Followed {
  readonly bytes: Buffer
  at: number
}

/** How many bytes from two places on are the same. */
function alike(one: Buffer, from: number, other: Buffer, start: number): number {
  const most = Math.min(one.length - from, other.length - start)
  let size = 0
  while (size < most && one[from + size] === other[start + size]) size++
  return size
}

function needlesOf(secrets: readonly NamedSecret[]): Needle[] {
  const needles = new Map<string, Needle>()
  for (const { name, value } of secrets) {
    const mask = Buffer.from(`«secret:${name}»`)
    for (const variant of variantsOf(value)) {
      if (!needles.has(variant)) needles.set(variant, { bytes: Buffer.from(variant), mask })
    }
  }
  return [...needles.values()]
}

/** A message without these secrets. */
export function redactFor(secrets: readonly Secret[], message: string): string {
  if (secrets.length === 0) return message
  return new SecretIndex(secrets.map((one) => ({ name: one.name, value: one.reveal() }))).redact(message)
}
