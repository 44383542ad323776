/**
 * Shows: a service without a shell. The backend's methods are functions that the worker runs, here calls of an HTTP API;
 * they have logs, outcomes and retries like scripts. Their server is registered with the method `function`.
 */
import { defineBackend, defineConfig, defineModel } from 'orchestrajs'
import { z } from 'zod'

export const tables = `
create table dns_record (id serial primary key, name text not null unique, address text not null)`

const DnsRecord = defineModel({
  name: 'dns-record',
  table: 'dns_record',
  schema: z.object({ id: z.int(), name: z.string(), address: z.ipv4() }),
})

/** @param api where the service is, for example `https://dns.example/v1/records` */
export function createConfig(api: string) {
  const urlOf = (name: string) => `${api}/${encodeURIComponent(name)}`
  const dns = defineBackend({
    name: 'dns',
    model: DnsRecord,
    identity: ({ name }) => name,
    save: (script, { name, address }) =>
      script.call('put the record', async ({ signal, log }) => {
        const body = JSON.stringify({ address })
        const response = await fetch(urlOf(name), { method: 'PUT', body, signal })
        if (!response.ok) throw new Error(`the API answered ${response.status}: ${await response.text()}`)
        log(`the API answered ${response.status}`)
        return response.status === 208 ? 'unchanged' : 'changed'
      }),
    delete: (script, { name }) =>
      script.call('delete the record', async ({ signal }) => {
        const response = await fetch(urlOf(name), { method: 'DELETE', signal })
        if (!response.ok && response.status !== 404) throw new Error(`the API answered ${response.status}`)
        return response.ok ? 'changed' : 'unchanged'
      }),
  })
  return defineConfig({ models: [DnsRecord], backends: [dns] })
}
