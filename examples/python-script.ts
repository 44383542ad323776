/**
 * Shows: scripts in another language. The backend names the command that reads the program, and its methods write text for
 * it; locking, logs and retries are the same. The whole program has one status: it fails or succeeds for all its objects.
 *
 * A string as JSON writes it is a string literal of Python too, whatever it holds.
 */
import { defineBackend, defineConfig, defineModel } from 'orchestrajs'
import { z } from 'zod'

export const tables = `
create table setting (name text primary key, value text not null)`

const Setting = defineModel({
  name: 'setting',
  table: 'setting',
  key: 'name',
  schema: z.object({ name: z.string(), value: z.string() }),
})

const settings = defineBackend({
  name: 'settings',
  model: Setting,
  interpreter: ['python3', '-'],
  prepare: (script) =>
    script.write(`
import json, os
path = 'settings.json'
settings = json.load(open(path)) if os.path.exists(path) else {}
`),
  save: (script, { name, value }) =>
    script.write(`settings[${JSON.stringify(name)}] = ${JSON.stringify(value)}`),
  delete: (script, { name }) => script.write(`settings.pop(${JSON.stringify(name)}, None)`),
  commit: (script) =>
    script.write(`
with open(path + '.new', 'w') as file:
    json.dump(settings, file, indent=2, sort_keys=True)
os.rename(path + '.new', path)
print(len(settings), 'settings')
`),
})

export default defineConfig({ models: [Setting], backends: [settings] })
