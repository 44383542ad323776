import { request } from 'node:http'
import { defineModel } from 'orchestrajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { describeLab } from '../../../lab/describe-lab.ts'
import { type Lab, type LabHost, startLab } from '../../../lab/index.ts'
import { waitFor } from '../../../lab/wait.ts'
import { nginxMap } from '../src/index.ts'
import { Pipeline } from './pipeline.ts'

const redirect = defineModel({
  name: 'redirect',
  table: 'redirect',
  schema: z.object({ from: z.string(), to: z.string() }),
})

const backend = nginxMap({
  model: redirect,
  variable: '$redirect_target',
  entry: (row) => ({ from: [row.from, `www.${row.from}`], to: row.to }),
})

const server = `server {
  listen 80 default_server;
  if ($redirect_target) { return 301 $redirect_target; }
  return 404;
}`

describeLab('nginx-map', () => {
  let lab: Lab
  let host: LabHost
  let pipeline: Pipeline

  beforeAll(async () => {
    lab = await startLab({ hosts: ['web1'] })
    host = lab.host('web1')
    pipeline = new Pipeline(lab.clientKeyPath)
    await write()
    await host.must(
      `rm /etc/nginx/sites-enabled/default; echo '${server}' >/etc/nginx/sites-enabled/redirects; systemctl start nginx`,
    )
  }, 600_000)

  afterAll(async () => {
    await pipeline?.[Symbol.asyncDispose]()
    await lab?.stop()
  }, 60_000)

  function write(...rows: { from: string; to: string }[]) {
    return pipeline.run(host, backend, [['sync', rows]])
  }

  /** A connection may end with the process that a reload retires. */
  function targetOf(domain: string): Promise<string> {
    return new Promise((resolve) => {
      const asked = request({ host: host.address, path: '/', headers: { host: domain } }, (response) => {
        response.resume()
        resolve(`${response.statusCode} ${response.headers.location ?? '-'}`)
      })
      asked.on('error', (error) => resolve(error.message))
      asked.end()
    })
  }

  const eventually = (domain: string, answer: string) =>
    waitFor(`${domain} answers ${answer}`, async () => (await targetOf(domain)) === answer)

  test('redirects what it has and nothing else', async () => {
    const ran = await write(
      { from: 'a.example', to: 'https://b.example/' },
      { from: 'default', to: 'https://c.example/' },
    )
    expect(ran).toMatchObject({ results: ['ok changed'], reloads: ['reload nginx ok'] })
    await eventually('a.example', '301 https://b.example/')
    await eventually('www.a.example', '301 https://b.example/')
    await eventually('default', '301 https://c.example/')
    await eventually('other.example', '404 -')
  })

  test('changes nothing the second time', async () => {
    const rows = [{ from: 'a.example', to: 'https://b.example/' }]
    await write(...rows)
    expect(await write(...rows)).toMatchObject({ results: ['ok unchanged'], reloads: [] })
  })

  test('keeps what it had when nginx refuses the whole', async () => {
    await write({ from: 'a.example', to: 'https://b.example/' })
    const ran = await write(
      { from: 'a.example', to: 'https://new.example/' },
      { from: 'a.example', to: 'https://c.example/' },
    )
    expect(ran.results).toEqual(['failed unchanged'])
    expect(ran.outputs[0]).toContain('conflicting parameter "a.example"')
    await eventually('a.example', '301 https://b.example/')
  })

  test('refuses text that nginx would take for more than text', async () => {
    const bad = [
      '$host',
      'a" "b',
      'a\\',
      'a\nb',
      '~.*',
      '',
      'a.example.',
      'a.example:8080',
      'a b',
      'bücher.example',
      '*a.b',
    ]
    for (const from of bad) {
      const [result] = (await write({ from, to: 'https://b.example/' })).results
      expect(result).toContain('not rendered')
    }
    expect((await write({ from: 'a.example', to: 'x"; } server {' })).results[0]).toContain('not rendered')
  })

  test('is refused where another map sets its variable, or nginx does not read its file', async () => {
    await host.must(`echo 'map $uri $redirect_target { default ""; }' >/etc/nginx/conf.d/a.conf`)
    const twice = await write({ from: 'twice.example', to: 'https://b.example/' })
    await host.must('rm /etc/nginx/conf.d/a.conf')
    expect(twice.results).toEqual(['failed unchanged'])
    expect(twice.outputs[0]).toContain(
      '$redirect_target is set by the map in /etc/nginx/conf.d/a.conf already',
    )
    const unread = nginxMap({
      model: redirect,
      variable: '$unread',
      file: '/etc/nginx/unread.conf',
      entry: (row) => row,
    })
    const ran = await pipeline.run(host, unread, [['sync', [{ from: 'a.example', to: 'x' }]]])
    expect(ran.outputs[0]).toContain('nginx does not read /etc/nginx/unread.conf')
  })

  test('has nothing in it without objects', async () => {
    expect(await write()).toMatchObject({ results: ['ok changed'] })
    await eventually('a.example', '404 -')
  })
})
