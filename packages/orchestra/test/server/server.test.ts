import { describe, expect, it } from 'vitest'
import { isOrchestraError } from '../../src/errors.ts'
import { newServer, type ServerOptions } from '../../src/server/server.ts'

describe('newServer', () => {
  it.each<ServerOptions>([
    { name: '' },
    { name: 'Web1' },
    { name: 'web 1' },
    { name: '-web' },
    { name: 'web\n' },
    { name: 'w'.repeat(254) },
    { name: 'web', host: '' },
    { name: 'web', host: '-oProxyCommand=x' },
    { name: 'web', host: 'a b' },
    { name: 'web', port: 70_000 },
    { name: 'web', port: 1.5 },
    { name: 'web', user: 'a;b' },
    { name: 'web', user: '' },
    { name: 'web', directory: 'srv' },
    { name: 'web', directory: '/srv\n' },
  ])('refuses %j', (options) => {
    expect(() => newServer(options)).toThrow(
      expect.toSatisfy((error) => isOrchestraError(error, 'ORC_SERVER_INVALID')),
    )
  })

  it('refuses a method that does not exist, and names those that do', () => {
    const options = { name: 'web', method: 'telnet' } as unknown as ServerOptions
    expect(() => newServer(options)).toThrow(
      expect.objectContaining({ hint: 'Use ssh, openssh, local, function' }),
    )
  })

  it.each(['web1', 'web-1.example.com', '10.0.0.1', 'a'])('takes %s as a name', (name) => {
    expect(newServer({ name })).toMatchObject({ name, host: name, port: 22, user: 'root', sudo: false })
  })

  it('takes an address of IPv6 and an alias of ssh_config as a host', () => {
    expect(newServer({ name: 'web', host: '2001:db8::1' }).host).toBe('2001:db8::1')
    expect(newServer({ name: 'web', host: 'My_Alias' }).host).toBe('My_Alias')
  })
})
