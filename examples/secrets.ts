/**
 * Shows: a password that reaches a command and nothing else. The model names the column as secret: in snapshots it is
 * encrypted, in scripts and logs it shows as «secret:account.password», and on the server it goes to the command's stdin.
 *
 * `./set-password` stands for a program such as chpasswd: it is here so that the example runs without root.
 */
import { defineBackend, defineConfig, defineModel, sh, text } from 'orchestrajs'
import { z } from 'zod'

export const tables = `
create table account (id serial primary key, name text not null unique, password text not null)`

const Account = defineModel({
  name: 'account',
  table: 'account',
  schema: z.object({ id: z.int(), name: z.string().regex(/^[a-z]+$/), password: z.string().min(8) }),
  secrets: ['password'],
})

const setPassword = `#!/bin/bash
IFS=: read -r name password
printf '%s' "$password" | sha256sum >"shadow-$name"
echo "password of $name is set"
`

const accounts = defineBackend({
  name: 'accounts',
  model: Account,
  identity: ({ name }) => name,
  prepare: (script) => script.file('set-password', setPassword, { mode: '0755' }),
  save: (script, { name, password }) =>
    script.run(sh`./set-password`, { input: text`${name}:${password}\n` }),
  delete: (script, { name }) => script.absent(`shadow-${name}`),
})

export default defineConfig({ models: [Account], backends: [accounts] })
