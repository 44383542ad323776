import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readDebianSource } from '../debian-source.ts'

describe('the mirror of this machine', () => {
  let etc: string

  beforeEach(() => {
    etc = mkdtempSync(join(tmpdir(), 'orchestra-etc-'))
    write('os-release', 'ID=debian\nVERSION_CODENAME=bookworm\n')
  })

  afterEach(() => rmSync(etc, { recursive: true }))

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(etc, path)), { recursive: true })
    writeFileSync(join(etc, path), text)
  }

  test('is read from deb822 stanzas, past comments, other suites and disabled ones', () => {
    write(
      'apt/sources.list.d/debian.sources',
      `Types: deb
URIs: http://other.example/packages
Suites: nodistro
Components: main

Enabled: no
Types: deb
URIs: http://disabled.example/debian
Suites: bookworm
Components: main

Types: deb deb-src
# URIs: http://commented.example/debian
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian.gpg
`,
    )
    expect(readDebianSource(etc)).toEqual({
      uri: 'http://mirror.example/debian',
      suite: 'bookworm',
      components: ['main', 'contrib'],
      keyring: '/usr/share/keyrings/debian.gpg',
    })
  })

  test('is read from one-line sources, with and without options', () => {
    write(
      'apt/sources.list',
      `# deb http://commented.example/debian bookworm main
deb-src http://source.example/debian bookworm main
deb [arch=amd64 signed-by=/etc/apt/keyrings/d.gpg] http://mirror.example/debian bookworm main
`,
    )
    expect(readDebianSource(etc)).toMatchObject({
      uri: 'http://mirror.example/debian',
      components: ['main'],
      keyring: '/etc/apt/keyrings/d.gpg',
    })
  })

  test('is an error that says what to do when no source is of this release', () => {
    write('apt/sources.list.d/old.list', 'deb http://mirror.example/debian buster main\n')
    write(
      'apt/sources.list.d/off.sources.disabled',
      'Types: deb\nURIs: x\nSuites: bookworm\nComponents: main\n',
    )
    expect(() => readDebianSource(etc)).toThrow('No source for bookworm main')
  })
})
