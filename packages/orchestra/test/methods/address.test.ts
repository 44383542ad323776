import { expect, it } from 'vitest'
import { formatAddress, parseAddress } from '../../src/methods/address.ts'
import { newServer, type ServerRow, toTarget } from '../../src/server/server.ts'

it.each([
  ['web1', { host: 'web1', port: null, user: null }],
  ['web1.example.com:2222', { host: 'web1.example.com', port: 2222, user: null }],
  ['root@web1', { host: 'web1', port: null, user: 'root' }],
  ['deploy@192.0.2.7:22', { host: '192.0.2.7', port: 22, user: 'deploy' }],
  ['fd00::1', { host: 'fd00::1', port: null, user: null }],
  ['::1', { host: '::1', port: null, user: null }],
  ['[fd00::1]', { host: 'fd00::1', port: null, user: null }],
  ['[fd00::1]:2222', { host: 'fd00::1', port: 2222, user: null }],
  ['root@[fd00::1]:2222', { host: 'fd00::1', port: 2222, user: 'root' }],
  ['fe80::1%eth0', { host: 'fe80::1%eth0', port: null, user: null }],
  ['[fe80::1%eth0]:22', { host: 'fe80::1%eth0', port: 22, user: null }],
  ['My_Alias', { host: 'My_Alias', port: null, user: null }],
])('%s is an address', (text, address) => {
  expect(parseAddress(text)).toEqual(address)
})

it.each([
  '',
  '@web1',
  'root@',
  'web1:',
  'web1:x',
  ':22',
  '[web1]',
  '[fd00::1',
  'fd00::1]',
  '[fd00::1]22',
  'fd00:::1',
  'a:b:c',
  '-oProxyCommand=x',
  'a b',
  '[]',
  '[]:22',
  'root@-x',
])('%j is none', (text) => {
  expect(parseAddress(text)).toBeNull()
})

it('is shown as it can be read again', () => {
  for (const [host, port] of [
    ['web1', 22],
    ['fd00::1', 2222],
  ] as const)
    expect(parseAddress(formatAddress(host, port))).toEqual({ host, port, user: null })
})

it('gives a server what it says beside the host', () => {
  expect(newServer({ name: 'web', host: 'deploy@[fd00::1]:2222' })).toMatchObject({
    host: 'fd00::1',
    port: 2222,
    user: 'deploy',
    sudo: true,
  })
  expect(newServer({ name: 'web', host: '[fd00::1]', port: 22, user: 'root' })).toMatchObject({
    host: 'fd00::1',
  })
})

it.each([
  [{ host: 'web1:2222', port: 22 }],
  [{ host: 'root@web1', user: 'deploy' }],
  [{ host: 'web1:99999' }],
  [{ host: '[fd00::1' }],
])('that contradicts or cannot be is refused: %j', (options) => {
  expect(() => newServer({ name: 'web', ...options })).toThrow(
    expect.objectContaining({ code: 'ORC_SERVER_INVALID' }),
  )
})

it('in brackets, as an older version kept it, is reached', () => {
  expect(toTarget({ name: 'old', host: '[fd00::1]' } as ServerRow).host).toBe('fd00::1')
})
