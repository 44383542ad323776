/**
 * Shows: a backend and its test. `backend.test.ts` gives the kit three objects, and the kit tries everything that a backend has
 * to do right in a throwaway directory: see `docs/writing-a-backend.md`, "An afternoon".
 *
 * Mailing lists, one file each, and a program that reads them anew when something changed.
 */
import { defineBackend, defineConfig, defineModel, type Script, sh } from 'orchestrajs'
import { z } from 'zod'

const List = defineModel({
  name: 'list',
  table: 'list',
  schema: z.object({
    id: z.int(),
    address: z.string().regex(/^[a-z0-9.-]+@[a-z0-9.-]+$/),
    title: z.string().regex(/^[^\0\r\n]*$/),
    members: z.array(z.string().regex(/^[^\s@]+@[^\s@]+$/)),
  }),
})

const pathOf = (address: string) => `lists/${address}`

/** Stands for a program that reads all lists; without any, it has nothing to read. */
const readAnew = (script: Script) =>
  script.reload('lists', { command: sh`find lists -type f -exec cat {} + >all-lists` })

export const lists = defineBackend({
  name: 'lists',
  model: List,
  identity: ({ address }) => address,
  prepare: (script) => script.directory('lists'),
  save(script, { address, title, members }) {
    script.file(pathOf(address), `# ${title}\n${members.map((member) => `${member}\n`).join('')}`, {
      mode: '0640',
      check: sh`! grep -vq '^#\|@' lists/*`,
    })
    readAnew(script)
  },
  rename(script, { address }, previous) {
    script.run(sh`mv -T -- ${pathOf(previous.address)} ${pathOf(address)}`, {
      onlyIf: sh`[[ -e ${pathOf(previous.address)} ]]`,
    })
  },
  delete(script, { address }) {
    script.absent(pathOf(address))
    readAnew(script)
  },
  list: sh`find lists -type f -printf '%f\n'`,
  read: (address) => sh`head -n 1 -- ${pathOf(address)}`,
  prune(script, address) {
    script.absent(pathOf(address))
    readAnew(script)
  },
})

export default defineConfig({ models: [List], backends: [lists] })
