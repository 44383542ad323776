import { describe, expect, it } from 'vitest'
import { formatHostKey } from '../../src/methods/host-key.ts'

function blob(type: string, length = Buffer.byteLength(type), rest = 'x'): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt32BE(length)
  return Buffer.concat([size, Buffer.from(type, 'latin1'), Buffer.from(rest)])
}

describe('what a server presents as its host key', () => {
  it('is shown by type and content', () => {
    const key = blob('ssh-ed25519')
    expect(formatHostKey(key)).toBe(`ssh-ed25519 ${key.toString('base64')}`)
  })

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['three bytes', Buffer.alloc(3)],
    ['a type without a name', blob('')],
    ['a type with a line break', blob('ssh\nrsa')],
    ['a type with a NUL', blob('ssh\0')],
    ['an escape sequence', blob('\x1b]0;title\x07')],
    ['a type that claims four gigabytes', blob('ssh-rsa', 0xffffffff, '\0')],
    ['a megabyte', blob('ssh-rsa', 7, 'x'.repeat(1024 * 1024))],
  ])('is none where it is %s', (_, key) => {
    expect(formatHostKey(key)).toBeNull()
  })
})
