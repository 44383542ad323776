import { createHash } from 'node:crypto'

/** The signature algorithms of an SSH server in the order we prefer, by the type of key they belong to. */
const algorithmsOfType: Readonly<Record<string, readonly string[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
}

/** Bytes of a key; the largest RSA keys in use have two thousand. */
const longestKey = 16 * 1024
const typeForm = /^[A-Za-z0-9][\w.@-]{0,63}$/

/** A host key as `type base64`, from the bytes a server presents; null where they are no key. */
export function formatHostKey(blob: Buffer): string | null {
  if (blob.length < 4 || blob.length > longestKey) return null
  const type = blob.toString('latin1', 4, Math.min(blob.length, 4 + blob.readUInt32BE(0)))
  return typeForm.test(type) ? `${type} ${blob.toString('base64')}` : null
}

/** The fingerprint of a key `type base64 [comment]`, as ssh-keygen prints it: `SHA256:...`. */
export function fingerprint(key: string): string {
  const blob = Buffer.from(key.split(/\s+/)[1] ?? '', 'base64')
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}

/** Whether two keys `type base64 [comment]` are the same key. */
export function sameHostKey(one: string, other: string): boolean {
  const [oneType, oneBlob] = one.trim().split(/\s+/)
  const [otherType, otherBlob] = other.trim().split(/\s+/)
  return oneType === otherType && oneBlob === otherBlob
}

/** Asks first for the type of the approved key, so that a server with several keys does not look changed. */
export function hostKeyAlgorithms(approved: string | null): string[] {
  const preferred = algorithmsOfType[approved?.trim().split(/\s+/)[0] ?? ''] ?? []
  const others = Object.values(algorithmsOfType).flat()
  return [...new Set([...preferred, ...others])]
}

/** Why a presented key is refused. */
export function hostKeyReason(server: string, approved: string | null, presented: string): string {
  if (approved === null) return `${server}: the host key ${fingerprint(presented)} is not approved yet`
  return `${server}: the host key changed from ${fingerprint(approved)} to ${fingerprint(presented)}`
}
