import { expect, it } from 'vitest'
import { isPublic, refusal } from '../../src/notify/address.ts'
import { postWebhook } from '../../src/notify/webhook.ts'
import { receiver } from './receivers.ts'

const signingSecret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
const post = () => ({ id: 'delivery-1', at: new Date(), body: '{}' })

it.each([
  '127.0.0.1',
  '127.255.255.254',
  '10.1.2.3',
  '172.16.0.1',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0',
  '224.0.0.1',
  '255.255.255.255',
  '192.0.2.1',
  '198.18.0.1',
  '::',
  '::1',
  'fe80::1',
  'fc00::1',
  'fd12:3456::1',
  'ff02::1',
  '::ffff:127.0.0.1',
  '::ffff:a00:1',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
  '2001:db8::1',
  'no address',
])('%s is no address of the internet', (address) => expect(isPublic(address)).toBe(false))

it.each(['93.184.216.34', '8.8.8.8', '2606:4700:4700::1111'])('%s is one', (address) =>
  expect(isPublic(address)).toBe(true),
)

it('a webhook reaches no private network, by an address in any form, a name, or one of several addresses', {
  timeout: 60_000,
}, async () => {
  const { url, received } = await receiver()
  const port = new URL(url).port
  const hosts = [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.1',
    '0',
    '[::1]',
    '[::ffff:127.0.0.1]',
    'localhost',
  ]
  for (const host of hosts) {
    const target = { url: `http://${host}:${port}/`, signingSecret, allowsPrivate: false }
    await expect(postWebhook(target, post()), host).rejects.toThrow(refusal)
  }
  const named = { url: `http://hook.example.org:${port}/`, signingSecret, allowsPrivate: false }
  const both = async () => [
    { address: '93.184.216.34', family: 4 },
    { address: '127.0.0.1', family: 4 },
  ]
  await expect(postWebhook(named, post(), both)).rejects.toThrow(refusal)
  expect(received).toEqual([])
})

it('a name is looked up once, for the connection itself: between a look and the use it could change', {
  timeout: 60_000,
}, async () => {
  const { url, received } = await receiver()
  const target = { url: `http://hook.example.org:${new URL(url).port}/`, signingSecret, allowsPrivate: false }
  let asked = 0
  const rebinding = async () => {
    asked++
    return [{ address: '127.0.0.1', family: 4 }]
  }
  await expect(postWebhook(target, post(), rebinding)).rejects.toThrow(refusal)
  expect(asked).toBe(1)
  expect(received).toEqual([])
})

it('a webhook follows no redirect', { timeout: 60_000 }, async () => {
  const hook = await receiver()
  hook.answer = 307
  const target = { url: hook.url, signingSecret, allowsPrivate: true }
  await expect(postWebhook(target, post())).rejects.toThrow('it answered 307')
  expect(hook.received).toHaveLength(1)
})
