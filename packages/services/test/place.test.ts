import { defineBackend, defineModel, type Script } from 'orchestrajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { describeLab } from '../../../lab/describe-lab.ts'
import { type Lab, type LabHost, startLab } from '../../../lab/index.ts'
import { nginxSite, unixUser } from '../src/index.ts'
import { Pipeline, type Ran } from './pipeline.ts'

const site = defineModel({
  name: 'site',
  table: 'site',
  schema: z.object({ domain: z.string(), root: z.string(), owner: z.string() }),
})

const sites = nginxSite({
  model: site,
  site: ({ domain, root, owner }) => ({ domains: [domain], root, owner }),
})

const done = ['ok changed']
const refused = ['failed unchanged']

describeLab('a host that customers share', () => {
  let lab: Lab
  let host: LabHost
  let pipeline: Pipeline

  beforeAll(async () => {
    lab = await startLab({ hosts: ['shared'] })
    host = lab.host('shared')
    pipeline = new Pipeline(lab.clientKeyPath)
    await host.must(
      'systemctl start nginx; for name in ada bob; do useradd -m -s /bin/bash $name; done; chmod 0700 /home/bob',
    )
  }, 600_000)

  afterAll(async () => {
    await pipeline?.[Symbol.asyncDispose]()
    await lab?.stop()
  }, 60_000)

  const as = (user: string, command: string) => host.must(`runuser -u ${user} -- bash -c '${command}'`)
  const stat = async (path: string) => (await host.must(`stat -c '%U:%G %a' -- ${path}`)).trim()
  const exists = async (path: string) => (await host.exec(`test -e ${path}`)).code === 0
  const save = (domain: string, root: string, owner = 'ada'): Promise<Ran> =>
    pipeline.run(host, sites, [['save', { domain, root, owner }]])
  const one = (steps: (script: Script) => void): Promise<Ran> =>
    pipeline.run(host, defineBackend({ name: 'things', model: site, save: steps }), [
      ['save', { domain: '', root: '', owner: '' }],
    ])

  test('a root in a home is made by its owner, one below root’s directories is given to its owner, and both stay', async () => {
    for (const root of ['/home/ada/www/shop', '/srv/sites/shop']) {
      expect((await save('a.example', root)).results).toEqual(done)
      expect(await stat(root)).toBe('ada:ada 755')
      expect((await save('a.example', root)).results).toEqual(['ok unchanged'])
    }
    expect(await stat('/srv/sites')).toBe('root:root 755')
  })

  test('a link of the owner’s gives away neither a neighbour’s directory nor the system’s', async () => {
    await host.must('install -d -o bob -g bob /home/bob/inner; mkdir -p /etc/inner')
    await as('ada', 'ln -s /home/bob /home/ada/bob; ln -s /etc /home/ada/etc')
    for (const root of [
      '/home/ada/bob/inner',
      '/home/ada/bob/new',
      '/home/ada/etc/new',
      '/home/ada/bob/inner/deep',
    ]) {
      const ran = await save('b.example', root)
      expect(ran.results).toEqual(refused)
      expect(ran.outputs[0]).toMatch(/As ada: .*(Permission denied|belongs to)/s)
    }
    await save('b.example', '/home/ada/etc/inner')
    await save('b.example', '/home/ada/etc')
    expect([await stat('/home/bob'), await stat('/home/bob/inner')]).toEqual(['bob:bob 700', 'bob:bob 755'])
    expect([await stat('/etc'), await stat('/etc/inner')]).toEqual(['root:root 755', 'root:root 755'])
    expect(await exists('/etc/new')).toBe(false)
  })

  test('a root in a neighbour’s home, behind root’s link, or of the system’s is refused and nothing is made', async () => {
    await host.must('ln -sfn /srv/sites /srv/current')
    const neighbour = await save('c.example', '/home/bob/www')
    expect(neighbour.outputs[0]).toContain('/home/bob is a place of bob: nothing there can be given to ada')
    const behind = await save('c.example', '/srv/current/c')
    expect(behind.outputs[0]).toContain('/srv/current is a link to /srv/sites: name the directory itself')
    const system = await save('c.example', '/etc/nginx/c')
    expect(system.results[0]).toContain('use a directory outside the system')
    expect([neighbour.results, behind.results]).toEqual([refused, refused])
    for (const path of [
      '/home/bob/www',
      '/srv/sites/c',
      '/etc/nginx/c',
      '/etc/nginx/sites-enabled/c.example.conf',
    ])
      expect(await exists(path)).toBe(false)
  })

  const swapped: Record<string, (script: Script) => void> = {
    directory: (script) => script.directory('/home/ada/real/deep', { owner: 'ada', mode: '0711' }),
    file: (script) => script.file('/home/ada/real/passwd', 'hers\n'),
    link: (script) => script.symlink('/home/ada/real/shells', 'hers'),
    absent: (script) => script.absent('/home/ada/real/hosts'),
    trash: (script) => script.trash('/home/ada/real/precious'),
  }

  test('who swaps directories and links all the time gets nothing', async () => {
    await as(
      'ada',
      'mkdir -p ~/real/deep; cd ~; (while :; do mv -T real swap; ln -s /etc real; sleep 0.01; rm real; mv -T swap real; done) >/dev/null 2>&1 & echo $! >~/swapper',
    )
    await host.must('echo precious >/etc/precious; chmod 0600 /etc/precious')
    for (let round = 0; round < 15; round += 1) {
      await pipeline.run(
        host,
        defineBackend({
          name: 'things',
          model: site,
          save: (script, { domain }) => swapped[domain]?.(script),
        }),
        Object.keys(swapped).map((domain) => ['save', { domain, root: '', owner: '' }]),
      )
    }
    await host.must('kill "$(</home/ada/swapper)"')
    expect(await host.must('head -c 5 /etc/passwd')).toBe('root:')
    expect(await host.must('find /etc -user ada; ls /etc/hosts; cat /etc/precious')).toBe(
      '/etc/hosts\nprecious\n',
    )
  }, 120_000)

  test('a directory of root’s that an access list opens to somebody is no place of root’s', async () => {
    await host.must('mkdir -p /srv/listed/deep')
    const list = `import os, pwd, struct
entries = [(1, 7, -1), (2, 7, pwd.getpwnam("ada").pw_uid), (4, 5, -1), (16, 7, -1), (32, 5, -1)]
os.setxattr("/srv/listed", "system.posix_acl_access", struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *e) for e in entries))`
    await host.must('python3 -', { input: list })
    await as('ada', 'rm -rf /srv/listed/deep; ln -s /etc /srv/listed/deep')
    for (const step of [
      (script: Script) => script.file('/srv/listed/one', 'root’s\n'),
      (script: Script) => script.directory('/srv/listed/new', { owner: 'ada', group: 'ada' }),
      (script: Script) => script.absent('/srv/listed/deep/hosts'),
    ]) {
      const ran = await one(step)
      expect(ran.results).toEqual(refused)
      expect(ran.outputs[0]).toContain('/srv/listed is writable by others: it has an access list')
    }
    const accounts = unixUser({ model: site, user: ({ owner, root }) => ({ name: owner, home: root }) })
    const homes = await pipeline.run(host, accounts, [
      ['save', { domain: '', root: '/srv/listed/carl', owner: 'dina' }],
    ])
    expect(homes.results[0]).toContain('failed')
    expect(homes.outputs[0]).toContain('/srv/listed is writable by others: it has an access list')
  })

  test('a file system whose top is a customer’s gets no trash, and a mount in a home is neither trashed nor removed', async () => {
    await host.must(`mkdir -p /data/bob /srv/shared /home/bob/mnt
mount -t tmpfs -o mode=755 bobs /data/bob
chown bob: /data/bob
echo precious >/srv/shared/file
mount --bind /srv/shared /home/bob/mnt`)
    await as('bob', 'mkdir /data/bob/files; echo his >/data/bob/files/one; chmod 0600 /data/bob/files/one')
    const moved = await one((script) => script.trash('/data/bob/files'))
    expect(moved).toMatchObject({ results: done, outputs: [''] })
    expect(await host.must('ls -A /data/bob')).toBe('')
    const [entry] = await pipeline.trash(host)
    expect(entry?.path).toBe('/data/bob/files')
    expect(await stat(`/var/lib/orchestra/trash/*/${entry?.id}/data/one`)).toBe('bob:bob 600')
    for (const step of [
      (script: Script) => script.trash('/home/bob'),
      (script: Script) => script.absent('/home/bob', { recursive: true }),
    ]) {
      const kept = await one(step)
      expect(kept.results).toEqual(refused)
      expect(kept.outputs[0]).toContain('/home/bob/mnt')
    }
    expect(await host.must('cat /srv/shared/file')).toBe('precious\n')
    await host.must('umount /home/bob/mnt /data/bob')
  })
})
