import { describe, expect, it } from 'vitest'
import { secret, sh, text } from '../../src/index.ts'
import { describeBriefly, describeSteps, record } from '../../src/script/index.ts'

describe('a description of steps', () => {
  it('names what each is about, with its text', () => {
    const recording = record('test', (script) => {
      script.directory('/srv/a', { owner: 'www' })
      script.file('/etc/a.conf', 'listen 80\n', { mode: '0640', check: sh`nginx -t` })
      script.symlink('/etc/b', 'a.conf')
      script.absent('/etc/c', { recursive: true })
      script.run(sh`touch /srv/a/ready`, { unless: sh`test -e /srv/a/ready` })
      script.reload('nginx')
    })
    expect(describeSteps(recording)).toEqual([
      ['directory /srv/a', ''],
      ['permissions of /srv/a', 'owner: www\n'],
      ['file /etc/a.conf', 'listen 80\n'],
      ['permissions of /etc/a.conf', 'mode: 640\n'],
      ['check of /etc/a.conf', 'nginx -t'],
      ['link /etc/b', 'a.conf'],
      ['absent /etc/c', 'with everything in it'],
      ['run', 'command: touch /srv/a/ready\nunless: test -e /srv/a/ready\n'],
      ['reload nginx', 'systemctl reload nginx'],
    ])
  })

  it('shows secrets by name', () => {
    const password = secret('hunter2', 'site.password')
    const recording = record('test', (script) => {
      script.file('/etc/a', text`password=${password}`)
      script.run(sh`login ${password}`, { input: password })
    })
    expect(JSON.stringify(describeSteps(recording))).not.toContain('hunter2')
  })

  it('is not kept when it is large', () => {
    const large = record('test', (script) => script.file('/etc/a', 'é'.repeat(40_000)))
    const small = record('test', (script) => script.file('/etc/a', 'é'.repeat(30_000)))
    expect(describeBriefly(large)).toBeNull()
    expect(describeBriefly(small)).toHaveLength(1)
  })
})
