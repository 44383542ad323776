import { request } from 'node:http'
import { defineModel } from 'orchestrajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { describeLab } from '../../../lab/describe-lab.ts'
import { type Lab, type LabHost, startLab } from '../../../lab/index.ts'
import { waitFor } from '../../../lab/wait.ts'
import { nginxSite } from '../src/index.ts'
import { must, Pipeline, type Wanted } from './pipeline.ts'

const site = defineModel({
  name: 'site',
  table: 'site',
  schema: z.object({
    domain: z.string(),
    aliases: z.array(z.string()),
    folder: z.string().optional(),
    target: z.string().optional(),
    certificate: z.string().optional(),
    extra: z.array(z.string()),
    shares: z.array(z.string()).optional(),
  }),
})

const backend = nginxSite({
  model: site,
  site: (row) => ({
    domains: [row.domain, ...row.aliases],
    root: row.folder,
    owner: row.folder === undefined ? undefined : 'www-data',
    redirectTo: row.target,
    certificate:
      row.certificate === undefined
        ? undefined
        : { chain: `${row.certificate}.crt`, key: `${row.certificate}.key` },
    directives: row.extra,
    shares: row.shares,
  }),
})

describeLab('nginx-site', () => {
  let lab: Lab
  let host: LabHost
  let pipeline: Pipeline

  beforeAll(async () => {
    lab = await startLab({ hosts: ['web1'] })
    host = lab.host('web1')
    pipeline = new Pipeline(lab.clientKeyPath)
    await host.must('systemctl start nginx')
  }, 600_000)

  afterAll(async () => {
    await pipeline?.[Symbol.asyncDispose]()
    await lab?.stop()
  }, 60_000)

  function row(domain: string, more: object = {}) {
    return { domain, aliases: [], folder: `/srv/sites/${domain}`, extra: [], ...more }
  }

  function save(...rows: object[]) {
    return pipeline.run(
      host,
      backend,
      rows.map((object): Wanted => ['save', object]),
    )
  }

  async function publish(domain: string): Promise<void> {
    await host.must(`echo 'page of ${domain}' > /srv/sites/${domain}/index.html`)
  }

  /** nginx answers a reload before its new workers have taken over. */
  async function answers(domain: string, status: number, body: string): Promise<void> {
    let last = ''
    await waitFor(`${domain} to answer ${status} ${body}, it answered ${last}`, async () => {
      last = await fetchPage(host, domain)
      return last.startsWith(`${status} `) && last.includes(body)
    })
  }

  async function fetchSecurely(domain: string): Promise<string> {
    const ask = `printf 'GET / HTTP/1.0\\r\\nHost: ${domain}\\r\\n\\r\\n'`
    const client = `openssl s_client -quiet -connect 127.0.0.1:443 -servername ${domain} -CAfile /etc/ssl/safe.crt`
    return host.must(`${ask} | ${client} -verify_return_error 2>/dev/null`)
  }

  function reloads(): Promise<string> {
    return host.must('journalctl --unit nginx --grep Reloaded --quiet | wc -l')
  }

  test('a page is fetched under each of its domains, from a root that belongs to the owner', async () => {
    const ran = await save(row('page.example', { aliases: ['www.page.example', '*.any.page.example'] }))
    expect(ran).toMatchObject({ results: ['ok changed'], reloads: ['reload nginx ok'] })
    await publish('page.example')
    for (const domain of ['page.example', 'www.page.example', 'x.any.page.example']) {
      await answers(domain, 200, 'page of page.example')
    }
    expect(await host.must('stat -c %U:%G /srv/sites/page.example')).toBe('www-data:www-data\n')
  })

  test('many sites are one reload, and none the second time', async () => {
    const rows = Array.from({ length: 50 }, (_, index) => row(`many${index}.example`))
    const before = Number(await reloads())
    expect((await save(...rows)).results).toEqual(rows.map(() => 'ok changed'))
    expect(Number(await reloads())).toBe(before + 1)
    expect(await save(...rows)).toMatchObject({ results: rows.map(() => 'ok unchanged'), reloads: [] })
    expect(Number(await reloads())).toBe(before + 1)
  })

  test('of two sites that nginx refuses, each goes back to what it was, and the others are live', async () => {
    await save(row('second.example'))
    await publish('second.example')
    const {
      results,
      outputs,
      reloads: done,
    } = await save(
      row('first.example'),
      row('second.example', { certificate: '/etc/ssl/not-there' }),
      row('third.example', { extra: ['no_such_directive on;'] }),
      row('fourth.example'),
    )
    expect(results.map((result) => result.split(' ')[0])).toEqual(['ok', 'failed', 'failed', 'ok'])
    expect(done).toEqual(['reload nginx ok'])
    expect(outputs[1]).toContain('not-there')
    expect(outputs[2]).toContain('no_such_directive')
    for (const domain of ['first.example', 'fourth.example']) {
      await publish(domain)
      await answers(domain, 200, `page of ${domain}`)
    }
    await answers('second.example', 200, 'page of second.example')
    expect((await host.exec('ls /etc/nginx/sites-enabled/third.example.conf')).code).not.toBe(0)
    await host.must('nginx -t')
  })

  test('a name that another site has fails the newcomer, whose other names and the others are untouched', async () => {
    await save(row('first-owner.example', { aliases: ['shop.example', '*.any.shop.example'] }))
    await publish('first-owner.example')
    for (const alias of ['shop.example', 'first-owner.example', '*.any.shop.example']) {
      // nginx reads files in the order of their names, and the first one wins.
      const { results, outputs } = await save(
        row('a-thief.example', { aliases: [alias] }),
        row('bystander.example'),
      )
      expect(results.map((result) => result.split(' ')[0])).toEqual(['failed', 'ok'])
      expect(outputs[0]).toContain(
        `the name ${alias} belongs to /etc/nginx/sites-enabled/first-owner.example.conf`,
      )
    }
    await answers('shop.example', 200, 'page of first-owner.example')
    expect((await save(row('a-thief.example'))).results).toEqual(['ok changed'])
    const grown = await save(row('a-thief.example', { aliases: ['shop.example'] }))
    expect(grown.results).toEqual(['failed unchanged'])
    await answers('shop.example', 200, 'page of first-owner.example')
  })

  test('of two new sites with one name the first has it, and a name that is given up may be taken at once', async () => {
    const { results } = await save(
      row('one.two-new.example', { aliases: ['both.example'] }),
      row('two.two-new.example', { aliases: ['both.example'] }),
    )
    expect(results.map((result) => result.split(' ')[0])).toEqual(['ok', 'failed'])
    const swapped = await save(
      row('one.two-new.example'),
      row('two.two-new.example', { aliases: ['both.example'] }),
    )
    expect(swapped.results).toEqual(['ok changed', 'ok changed'])
  })

  test.each([
    ['*.taken.example', 'shop.taken.example'],
    ['.taken.example', 'shop.taken.example'],
    ['*.taken.example', '*.shop.taken.example'],
    ['*.taken.example *.deep.taken.example', 'a.deep.taken.example'],
    ['~^(.+)\\\\.taken\\\\.example$', 'shop.taken.example'],
    ['"~^(\\\\w{2,9})\\\\.TAKEN\\\\.example$"', '*.taken.example'],
    ['taken.example', 'taken.example'],
    ['$hostname', 'web1'],
  ])('who has %s keeps %s, on whatever port', async (pattern, name) => {
    const stranger = '/etc/nginx/sites-enabled/zz-stranger'
    await host.must(`printf 'server { listen 8081; server_name ${pattern}; return 204; }' >${stranger}`)
    const { results, outputs } = await save(
      row('a-thief.example', { aliases: [name] }),
      row('honest.example'),
    )
    const again = await save(row('a-thief.example'), row('honest.example'))
    await host.must(`rm ${stranger}`)
    expect(results.map((result) => result.split(' ')[0])).toEqual(['failed', 'ok'])
    expect(outputs[0]).toContain(`the name ${name} belongs to `)
    expect(again.results.map((result) => result.split(' ')[0])).toEqual(['ok', 'ok'])
  })

  test("a name under one that it shares, or that is for any domain, is anybody's; so is what a wildcard leaves", async () => {
    const stranger = '/etc/nginx/sites-enabled/zz-stranger'
    const patterns =
      '*.parked.example www.* ~^mail\\\\. "~^(\\\\w{3})\\\\.of\\\\.example$" exact.left.example'
    await host.must(`printf 'server { listen 80; server_name ${patterns}; return 204; }' >${stranger}`)
    const { results } = await save(
      row('alice.parked.example', { shares: ['*.parked.example'] }),
      row('www.bob.example', { aliases: ['mail.bob.example', 'four.of.example'] }),
      row('bob.of.example', { shares: ['~^(\\w{3})\\.of\\.example$'] }),
      row('*.left.example', { folder: '/srv/sites/left' }),
    )
    await publish('alice.parked.example')
    await answers('alice.parked.example', 200, 'page of alice')
    expect(results).toEqual(Array(4).fill('ok changed'))
    // What it shares no more it had before.
    expect((await save(row('alice.parked.example'))).results).toEqual(['ok changed'])
    await host.must(`rm ${stranger}`)
  })

  test('of a wildcard and a name below it that come together, the first has its names', async () => {
    const { results } = await save(
      row('*.wide.example', { folder: '/srv/sites/wide' }),
      row('late.wide.example'),
      row('early.narrow.example'),
      row('*.narrow.example', { folder: '/srv/sites/narrow' }),
    )
    expect(results.map((result) => result.split(' ')[0])).toEqual(['ok', 'failed', 'ok', 'ok'])
  })

  test("a stranger's site keeps its names, however it writes them, and its own conflicts are nobody's fault", async () => {
    const stranger = 'server { listen 80; server_name\n  # ours\n  "Wide.example" .all.example; return 204; }'
    await host.must(
      `printf '${stranger}' >/etc/nginx/sites-enabled/zz; cp /etc/nginx/sites-enabled/zz /etc/nginx/sites-enabled/zz2`,
    )
    for (const alias of ['wide.example', 'all.example', '*.all.example'])
      expect((await save(row('wants.example', { aliases: [alias] }))).results[0]).toMatch(/^failed/)
    expect((await save(row('wants.example'))).results).toEqual(['ok changed'])
    await host.must('rm /etc/nginx/sites-enabled/zz /etc/nginx/sites-enabled/zz2')
  })

  test('sites that an older version let have one name can both be changed', async () => {
    for (const domain of ['older1.example', 'older2.example'])
      await host.must(
        `printf 'server { listen 80; server_name ${domain} older.example; }' >/etc/nginx/sites-enabled/${domain}.conf`,
      )
    for (const domain of ['older1.example', 'older2.example'])
      expect((await save(row(domain, { aliases: ['older.example'] }))).results).toEqual(['ok changed'])
    await host.must('rm /etc/nginx/sites-enabled/older*')
    expect((await save(row('after-older.example'))).results).toEqual(['ok changed'])
  })

  test('a name that is there twice in a row is one', async () => {
    expect(
      (await save(row('twice.example', { aliases: ['twice.example', 'x.example', 'x.example'] }))).results,
    ).toEqual(['ok changed'])
  })

  test('a site in a directory that nginx does not include is a failure', async () => {
    const elsewhere = nginxSite({
      model: site,
      directory: '/etc/nginx/not-included',
      site: ({ domain }) => ({ domains: [domain], redirectTo: 'https://x.example' }),
    })
    await host.must('mkdir -p /etc/nginx/not-included')
    const { results, outputs } = await pipeline.run(host, elsewhere, [['save', row('unread.example')]])
    expect(results).toEqual(['failed unchanged'])
    expect(outputs[0]).toContain('nginx does not read /etc/nginx/not-included/unread.example.conf')
  })

  test('a port that another program has fails the site that needs it, and no other', async () => {
    const files = '-keyout /etc/ssl/port.key -out /etc/ssl/port.crt'
    await host.must(`openssl req -x509 -newkey ed25519 -nodes -subj /CN=port.example -days 2 ${files}`)
    await host.must('systemd-run --unit thief --collect python3 -m http.server 443')
    await waitFor('the thief to listen', async () => (await host.must('ss -Hltn sport = :443')) !== '')
    const {
      results,
      outputs,
      reloads: done,
    } = await save(row('port.example', { certificate: '/etc/ssl/port' }), row('no-port.example'))
    await host.must('systemctl stop thief')
    expect(results.map((result) => result.split(' ')[0])).toEqual(['failed', 'ok'])
    expect(outputs[0]).toContain('another program has port 443')
    expect(done).toEqual(['reload nginx ok'])
  })

  test('a reload that nginx does not follow is a failure, with what nginx says of it', async () => {
    await host.must('systemd-run --unit thief --collect python3 -m http.server 8443')
    await waitFor('the thief to listen', async () => (await host.must('ss -Hltn sport = :8443')) !== '')
    const failed = await save(row('unheard.example', { extra: ['listen 8443;'] }))
    expect(failed.reloads).toEqual(['reload nginx failed'])
    expect(failed.results[0]).toMatch(/^failed/)
    await host.must('systemctl stop thief')
    expect(await save(row('unheard.example', { extra: ['listen 8443;'] }))).toMatchObject({
      results: ['ok unchanged'],
      reloads: ['reload nginx ok'],
    })
  })

  test('a host without IPv6 is not told to listen there, and is when it has it', async () => {
    await host.must('sysctl -w net.ipv6.conf.all.disable_ipv6=1')
    expect((await save(row('four.example'))).results).toEqual(['ok changed'])
    expect(await host.must('nginx -T 2>/dev/null | grep -A9 listen-http')).not.toContain('[::]')
    await host.must('sysctl -w net.ipv6.conf.all.disable_ipv6=0')
    await save(row('four.example'))
    expect(await host.must('cat /etc/nginx/orchestra/listen-http.conf')).toBe('listen 80;\nlisten [::]:80;\n')
    await publish('four.example')
    await answers('four.example', 200, 'page of four.example')
  })

  test("a link in the root to a neighbour's file is not followed, one to the owner's own is", async () => {
    await save(row('linked.example'))
    await host.must(`cd /srv/sites/linked.example; echo secret >/srv/neighbour; echo mine >mine; chown deploy /srv/neighbour
      chown www-data mine; ln -s /srv/neighbour theirs; ln -s mine ours; chown -h www-data theirs ours`)
    const fetched = (path: string) =>
      host.must(
        `bash -c 'exec 3<>/dev/tcp/127.0.0.1/80; printf "GET ${path} HTTP/1.0\r\nHost: linked.example\r\n\r\n" >&3; cat <&3'`,
      )
    await answers('linked.example', 403, '')
    expect(await fetched('/ours')).toContain('mine')
    expect(await fetched('/theirs')).not.toContain('secret')
  })

  test('a renamed site is live under its new name and gone under the old, with one reload', async () => {
    const [old, fresh] = [row('old.example'), row('new.example', { folder: '/srv/sites/old.example' })]
    await save(old)
    await publish('old.example')
    const ran = await pipeline.run(host, backend, [['rename', fresh, old]])
    expect(ran).toMatchObject({ results: ['ok changed'], reloads: ['reload nginx ok'] })
    await answers('new.example', 200, 'page of old.example')
    expect(await host.must('ls /etc/nginx/sites-enabled | grep -c "^\\(old\\|new\\).example.conf$"')).toBe(
      '1\n',
    )
    const again = await pipeline.run(host, backend, [['rename', fresh, old]])
    expect(again).toMatchObject({ results: ['ok unchanged'], reloads: [] })
  })

  test('a rename that nginx refuses leaves the old site live, and one that was interrupted ends right', async () => {
    const [old, fresh] = [row('was.example'), row('is.example', { folder: '/srv/sites/was.example' })]
    await save(old)
    await publish('was.example')
    const broken = { ...fresh, extra: ['no_such_directive on;'] }
    const refused = await pipeline.run(host, backend, [['rename', broken, old]])
    expect(refused.results[0]).toMatch(/^failed/)
    await answers('was.example', 200, 'page of was.example')
    await host.must('cd /etc/nginx/sites-enabled && cp is.example.conf was.example.conf')
    expect((await pipeline.run(host, backend, [['rename', fresh, old]])).results).toEqual(['ok changed'])
    await answers('is.example', 200, 'page of was.example')
    expect((await host.exec('ls /etc/nginx/sites-enabled/was.example.conf')).code).not.toBe(0)
  })

  test('sites are listed by exact names, and one of which only the name is known goes alone', async () => {
    await save(
      row('trap.example'),
      row('trap.example.au'),
      row('*.trap.example', { folder: '/srv/sites/any' }),
    )
    const names = (await must(host, backend.list)).trim().split('\n')
    expect(names).toEqual(expect.arrayContaining(['trap.example', 'trap.example.au', '*.trap.example']))
    expect(await must(host, backend.read?.('trap.example'))).toContain('server_name trap.example;')
    const ran = await pipeline.run(host, backend, [['prune', 'trap.example']])
    expect(ran).toMatchObject({ results: ['ok changed'], reloads: ['reload nginx ok'] })
    const left = (await must(host, backend.list)).trim().split('\n')
    expect(left).toEqual(names.filter((name) => name !== 'trap.example'))
    expect((await pipeline.run(host, backend, [['prune', '../nginx']])).results[0]).toMatch(/not rendered/)
  })

  test('a site with a certificate answers by HTTPS and sends HTTP there', async () => {
    const files = '-keyout /etc/ssl/safe.key -out /etc/ssl/safe.crt'
    await host.must(`openssl req -x509 -newkey ed25519 -nodes -subj /CN=safe.example -days 2 ${files}`)
    expect((await save(row('safe.example', { certificate: '/etc/ssl/safe' }))).results).toEqual([
      'ok changed',
    ])
    await answers('safe.example', 301, 'https://safe.example/')
    await publish('safe.example')
    expect(await fetchSecurely('safe.example')).toContain('page of safe.example')
  })

  test('a site becomes a redirection, and its files stay', async () => {
    await save(row('moved.example'))
    await publish('moved.example')
    await save(row('moved.example', { folder: undefined, target: 'https://new.example/' }))
    await answers('moved.example', 301, 'https://new.example/')
    expect(await host.must('cat /srv/sites/moved.example/index.html')).toBe('page of moved.example\n')
  })

  test('a deleted site answers no more, its files stay, and deleting it again changes nothing', async () => {
    const gone = row('gone.example')
    await save(gone)
    await publish('gone.example')
    await answers('gone.example', 200, 'page of gone.example')
    const ran = await pipeline.run(host, backend, [['delete', gone]])
    expect(ran).toMatchObject({ results: ['ok changed'], reloads: ['reload nginx ok'] })
    await waitFor(
      'gone.example to be gone',
      async () => !(await fetchPage(host, 'gone.example')).includes('page of gone'),
    )
    expect(await host.must('cat /srv/sites/gone.example/index.html')).toContain('page of gone')
    const again = await pipeline.run(host, backend, [['delete', gone]])
    expect(again).toMatchObject({ results: ['ok unchanged'], reloads: [] })
  })

  test('a stopped nginx is started by the reload it is owed', async () => {
    await host.must('systemctl stop nginx')
    expect((await save(row('awake.example'))).reloads).toEqual(['reload nginx ok'])
    await publish('awake.example')
    await answers('awake.example', 200, 'page of awake.example')
  })

  test('values that would leave their place in the configuration are refused by name', async () => {
    const { results } = await save(
      row('a.example; include /etc/passwd'),
      row('b.example', { folder: '/srv/{b}' }),
      row('c.example', { folder: '/srv/../etc' }),
      row('d.example', { folder: undefined, target: 'https://x; }' }),
      row('e.example', { folder: undefined }),
      row('192.0.2.1'),
    )
    expect(results.map((result) => /object: ([\w.]+)/.exec(result)?.[1])).toEqual([
      'domains.0',
      'root',
      'root',
      'redirectTo',
      'it',
      'domains.0',
    ])
  })
})

/** Status, location and body in one line. */
function fetchPage(host: LabHost, domain: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(
      // A connection of its own: one kept alive belongs to the workers that a reload ends.
      { host: host.address, port: 80, path: '/', headers: { host: domain }, agent: false },
      (response) => {
        let body = ''
        response.on('data', (bytes: Buffer) => {
          body += bytes
        })
        response.once('end', () =>
          resolve(`${response.statusCode} ${response.headers.location ?? ''} ${body}`),
        )
      },
    )
    sent.once('error', reject)
    sent.end()
  })
}
