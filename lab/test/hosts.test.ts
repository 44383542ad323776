import { afterAll, beforeAll, expect, test } from 'vitest'
import { attempt, type CommandResult } from '../command.ts'
import { describeLab } from '../describe-lab.ts'
import { type Lab, type LabHost, startLab } from '../index.ts'
import { waitFor } from '../wait.ts'

describeLab('a lab of three hosts', () => {
  let lab: Lab

  beforeAll(async () => {
    lab = await startLab({ hosts: ['web1', 'web2', 'dns1'], diskMegabytes: 128 })
  }, 600_000)

  afterAll(() => lab?.stop(), 60_000)

  function ssh(host: LabHost, command: string, user = 'root'): Promise<CommandResult> {
    const known = [
      '-o',
      'UserKnownHostsFile=/dev/null',
      '-o',
      'StrictHostKeyChecking=no',
      '-o',
      'LogLevel=ERROR',
    ]
    const options = ['-F', 'none', '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=2', ...known]
    return attempt('ssh', [...options, '-i', lab.clientKeyPath, `${user}@${host.address}`, command])
  }

  function answers(host: LabHost): Promise<boolean> {
    return ssh(host, 'true').then(({ code }) => code === 0)
  }

  test('every host answers SSH under its own name, with systemd running', async () => {
    for (const host of lab.hosts) {
      const { stdout } = await ssh(host, 'hostname; systemctl is-system-running --wait; cat /proc/1/comm')
      expect(stdout).toBe(`${host.name}\nrunning\nsystemd\n`)
    }
  })

  test('a login that is not root becomes root with sudo', async () => {
    const { stdout } = await ssh(lab.host('web1'), 'id -un; sudo -n id -un', 'deploy')
    expect(stdout).toBe('deploy\nroot\n')
  })

  test('hosts know each other by name and share nothing', async () => {
    await lab
      .host('web1')
      .must('echo mine > /root/mine; ping -c1 -W2 web2 || bash -c "echo > /dev/tcp/web2/22"')
    expect((await lab.host('web2').exec('cat /root/mine')).code).not.toBe(0)
  })

  test("stopping a service on one host leaves the other's running", async () => {
    const [one, other] = [lab.host('web1'), lab.host('web2')]
    await Promise.all([one.must('systemctl start cron'), other.must('systemctl start cron')])
    await one.must('systemctl stop cron')
    expect(await other.must('systemctl is-active cron')).toBe('active\n')
    await other.must('systemctl stop cron')
  })

  test('a host that is cut off is silent to the network and hears again when reconnected', async () => {
    const host = lab.host('web1')
    await host.cutOff()
    expect(await answers(host)).toBe(false)
    expect(await answers(lab.host('web2'))).toBe(true)
    expect(await host.must('echo still here')).toBe('still here\n')
    await host.reconnect()
    await waitFor('web1 to answer again', () => answers(host))
  })

  test('a slow network delays every answer, both ways', async () => {
    const host = lab.host('web1')
    await host.slow({ delayMs: 40 })
    expect(await roundTrip(host)).toBeGreaterThanOrEqual(80)
    await host.fullSpeed()
    expect(await answers(host)).toBe(true)
  })

  test('a narrow network takes its time for many bytes', async () => {
    const host = lab.host('web2')
    await host.slow({ bytesPerSecond: 200_000 })
    const begin = performance.now()
    const { stdout } = await ssh(host, 'head -c 200000 /dev/zero')
    expect(stdout).toHaveLength(200_000)
    expect(performance.now() - begin).toBeGreaterThan(800)
    await host.fullSpeed()
  })

  test('a full disk refuses bytes on that host alone, and is usable once freed', async () => {
    const [full, other] = [lab.host('web1'), lab.host('web2')]
    await full.fillDisk()
    const write = 'head -c 100000 /dev/urandom > /root/new && wc -c < /root/new'
    expect((await full.exec(write)).stderr).toContain('No space left on device')
    expect(await other.must(write)).toBe('100000\n')
    await full.freeDisk()
    expect(await full.must(write)).toBe('100000\n')
  })

  test('killing sshd ends the session, not what it runs, and sshd comes back', async () => {
    const host = lab.host('web1')
    const session = ssh(host, 'touch /root/begun; sleep 1.5; touch /root/ended; echo over')
    await waitFor('the session to begin', async () => (await host.exec('test -e /root/begun')).code === 0)
    await host.killSshd()
    expect(await session).toMatchObject({ code: 255, stdout: '' })
    await waitFor(
      'what the session ran to end',
      async () => (await host.exec('test -e /root/ended')).code === 0,
    )
    await waitFor('sshd to answer', () => answers(host))
  })

  test('a rotated host key is another key with another fingerprint', async () => {
    const host = lab.host('dns1')
    const before = { key: host.hostKey, fingerprint: host.hostKeyFingerprint }
    await host.rotateHostKey()
    expect(host.hostKey).not.toBe(before.key)
    expect(host.hostKeyFingerprint).toMatch(/^SHA256:/)
    const { stdout } = await attempt('ssh-keyscan', ['-T', '2', '-t', 'ed25519', host.address])
    expect(stdout).toContain(host.hostKey)
  })

  test('a host without power is gone and comes back with what was on its disk', async () => {
    const host = lab.host('dns1')
    await host.must('echo kept > /root/kept')
    await host.powerOff()
    expect(await answers(host)).toBe(false)
    await host.powerOn()
    expect(await host.must('cat /root/kept')).toBe('kept\n')
    expect(await answers(host)).toBe(true)
  })

  async function roundTrip(host: LabHost): Promise<number> {
    const begin = performance.now()
    await attempt('bash', ['-c', `exec 3<>/dev/tcp/${host.address}/22; read -r -u3`])
    return performance.now() - begin
  }
})
