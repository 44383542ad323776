import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { renderSearch, renderTakeOut, sh } from '../../src/script/index.ts'
import { type Machine, machine } from './harness.ts'

/** Files of which some say `bad`; the check names the first of them, or none. */
function standing(bad: readonly number[], count = 40) {
  const server = machine()
  const conf = join(server.directory, 'conf')
  mkdirSync(conf)
  const path = (n: number) => join(conf, `site ${n}'.conf`)
  for (let n = 0; n < count; n++) writeFileSync(path(n), bad.includes(n) ? 'bad' : 'good')
  const loud = sh`! grep -H bad ${conf}/*.conf`
  const silent = sh`echo x >>${join(server.directory, 'checks')}; ! grep -q bad ${conf}/*.conf`
  const objects = Array.from({ length: count }, (_, n) => ({ paths: [path(n)] }))
  const files = () =>
    Object.fromEntries(
      readdirSync(conf, { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => name)
        .map((name) => [name, readFileSync(join(conf, name), 'utf8')]),
    )
  const checks = () => readFileSync(join(server.directory, 'checks'), 'utf8').length / 2
  return { server, conf, path, loud, silent, objects, files, checks }
}

const request = (objects: readonly { paths: string[] }[]) => ({
  runId: randomUUID(),
  backend: 'sites',
  fence: 1,
  patience: 60,
  standing: objects,
})

async function search(
  server: Machine,
  command: ReturnType<typeof sh>,
  objects: readonly { paths: string[] }[],
  most = 5,
) {
  const asked = request(objects)
  const script = renderSearch(asked, command.rendered, most)
  const run = await server.runText(script.text, asked.runId, script.token)
  const broken = [...run.stdout.toString().matchAll(/ broken (\d+)\n/g)].map(([, index]) => Number(index))
  return { run, broken: broken.sort((a, b) => a - b) }
}

test.each(['loud', 'silent'] as const)(
  'a %s check is traced to the files that break it, and every file stays',
  async (voice) => {
    const world = standing([3, 17, 18])
    const before = world.files()
    const { run, broken } = await search(world.server, world[voice], world.objects)
    expect(broken).toEqual([3, 17, 18])
    expect(run.finished).toBe(true)
    expect(run.outputOf(17)).toBe(voice === 'loud' ? `${world.path(17)}:bad\n\n` : '\n')
    expect(world.files()).toEqual(before)
    if (voice === 'silent') expect(world.checks()).toBeLessThan(30)
  },
)

test('nobody is to blame where the check fails without any of them, or does not fail', async () => {
  const foreign = standing([])
  writeFileSync(join(foreign.conf, 'theirs.conf'), 'bad')
  const before = foreign.files()
  expect((await search(foreign.server, foreign.loud, foreign.objects)).broken).toEqual([])
  expect(foreign.files()).toEqual(before)
  const fine = standing([])
  const { run, broken } = await search(fine.server, fine.loud, fine.objects)
  expect(broken).toEqual([])
  expect(run.stdout.toString()).toContain(' passes\n')
})

test('a search ends early where so many are to blame that something else must be', async () => {
  const world = standing(Array.from({ length: 40 }, (_, n) => n))
  const { broken } = await search(world.server, world.silent, world.objects)
  expect(broken.length).toBe(6)
  expect(world.checks()).toBeLessThan(30)
  expect(Object.keys(world.files())).toHaveLength(40)
})

test('what was out of sight when a search was killed is back before the next script does anything', async () => {
  const world = standing([7])
  const before = world.files()
  const asked = request(world.objects)
  const count = join(world.server.directory, 'count')
  const deadly = sh`echo x >>${count}; [[ $(wc -l <${count}) -lt 4 ]] || kill -9 $$; ! grep -q bad ${world.conf}/*.conf`
  const script = renderSearch(asked, deadly.rendered, 5)
  const killed = await world.server.runText(script.text, asked.runId, script.token)
  expect(killed.finished).toBe(false)
  expect(world.files()).not.toEqual(before)
  await world.server.run({ operations: [] })
  expect(world.files()).toEqual(before)
  expect(readdirSync(world.conf)).toHaveLength(40)
})

test('what is taken out is gone, and nothing is left of it', async () => {
  const world = standing([7])
  const asked = request([world.objects[7] ?? { paths: [] }])
  const script = renderTakeOut(asked)
  const run = await world.server.runText(script.text, asked.runId, script.token)
  expect(run.finished).toBe(true)
  expect(Object.keys(world.files())).toHaveLength(39)
  await world.server.run({ operations: [] })
  expect(Object.keys(world.files())).toHaveLength(39)
})
