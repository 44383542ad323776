/** Bytes that were asked for, the last of which is before `to`. */
export type ByteRange = { kind: 'whole' } | { kind: 'part'; from: number; to: number } | { kind: 'outside' }

/** What a `Range` header asks of so many bytes. Of what it does not understand, and of several ranges, it answers all (RFC 9110). */
export function rangeOf(header: string | undefined, size: number): ByteRange {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? []
  if (first === '' && last === '') return { kind: 'whole' }
  if (first === '') return lastBytes(Number(last), size)
  const [from, to] = [Number(first), last === '' ? size : Math.min(Number(last) + 1, size)]
  if (last !== '' && Number(last) < from) return { kind: 'whole' }
  return from < size ? { kind: 'part', from, to } : { kind: 'outside' }
}

function lastBytes(count: number, size: number): ByteRange {
  if (count === 0 || size === 0) return { kind: 'outside' }
  return { kind: 'part', from: Math.max(0, size - count), to: size }
}
