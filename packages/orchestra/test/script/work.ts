/** Bytes that were copied or looked through. */
export interface Work {
  bytes: number
}

/** Counts what the ways cost in which buffers are copied and searched, while something runs: how often, not how long. */
export function countWork(run: () => void): Work {
  const work: Work = { bytes: 0 }
  const { concat, from } = Buffer
  const copy = Uint8Array.from
  const { indexOf, equals, toString: decode } = Buffer.prototype
  const slice = Uint8Array.prototype.slice
  const searched = (bytes: Buffer, found: number, start: unknown) =>
    (found === -1 ? bytes.length : found) - (typeof start === 'number' ? start : 0)
  const counted = {
    concat: (list: readonly Uint8Array[], length?: number) => {
      const all = concat(list, length)
      work.bytes += all.length
      return all
    },
    from: (...args: Parameters<typeof Buffer.from>) => {
      const made = from(...args)
      if (!(args[0] instanceof ArrayBuffer)) work.bytes += made.length
      return made
    },
    copy: (source: Uint8Array) => {
      work.bytes += source.length
      return copy.call(Uint8Array, source)
    },
  }
  Buffer.concat = counted.concat as typeof Buffer.concat
  Buffer.from = counted.from as typeof Buffer.from
  Uint8Array.from = counted.copy as typeof Uint8Array.from
  Buffer.prototype.indexOf = function (this: Buffer, ...args: Parameters<Buffer['indexOf']>) {
    const found = indexOf.apply(this, args)
    work.bytes += searched(this, found, args[1])
    return found
  }
  Buffer.prototype.equals = function (this: Buffer, other: Uint8Array) {
    work.bytes += Math.min(this.length, other.length)
    return equals.call(this, other)
  }
  Buffer.prototype.toString = function (this: Buffer, ...args: Parameters<Buffer['toString']>) {
    const text = decode.apply(this, args)
    work.bytes += text.length
    return text
  }
  Uint8Array.prototype.slice = function (this: Uint8Array, ...args: [number?, number?]) {
    const part = slice.apply(this, args)
    work.bytes += part.length
    return part
  } as typeof slice
  try {
    run()
  } finally {
    Object.assign(Buffer, { concat, from })
    Uint8Array.from = copy
    Object.assign(Buffer.prototype, { indexOf, equals, toString: decode })
    Uint8Array.prototype.slice = slice
  }
  return work
}
