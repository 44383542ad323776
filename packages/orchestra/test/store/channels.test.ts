import { expect, it } from 'vitest'
import type { Listener } from '../../src/store/index.ts'
import { describeStores } from '../support/stores.ts'

describeStores('a listener', (open) => {
  it('hears nothing of channels that only others listen to', async () => {
    const store = await open()
    const heard: string[] = []
    const listeners: Listener[] = []
    // Told once when it listens, and again by the notification that is sent last.
    const listen = (channel: string) =>
      new Promise<() => Promise<void>>((ready) => {
        const last = Promise.withResolvers<void>()
        const onNotify = (on: string, payload: string) => {
          heard.push(`${channel} hears ${on} ${payload}`)
          if (payload === '') ready(() => last.promise)
          if (payload === 'last') last.resolve()
        }
        listeners.push(store.listen([channel], onNotify))
      })
    const ends = await Promise.all([listen('one'), listen('two')])
    heard.length = 0
    await store.query(`select pg_notify('one', 'last')`)
    await store.query(`select pg_notify('two', 'last')`)
    await Promise.all(ends.map((end) => end()))
    expect(heard.sort()).toEqual(['one hears one last', 'two hears two last'])
    await Promise.all(listeners.map((listener) => listener.close()))
  })
})
