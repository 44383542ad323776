import { defineModel } from 'orchestrajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { describeLab } from '../../../lab/describe-lab.ts'
import { type Lab, type LabHost, startLab } from '../../../lab/index.ts'
import { waitFor } from '../../../lab/wait.ts'
import { postfixAliases, postfixDomains, postfixMailboxes } from '../src/index.ts'
import { Pipeline } from './pipeline.ts'

const text = z.object({ value: z.string() })
const domain = defineModel({ name: 'domain', table: 'domain', schema: text })
const alias = defineModel({ name: 'alias', table: 'alias', schema: text.extend({ to: z.string() }) })
const mailbox = defineModel({ name: 'mailbox', table: 'mailbox', schema: text })

for (const type of ['hash', 'lmdb'] as const) {
  const domains = postfixDomains({ model: domain, type, domain: (row) => ({ domain: row.value }) })
  const aliases = postfixAliases({ model: alias, type, alias: (row) => ({ from: row.value, to: [row.to] }) })
  const mailboxes = postfixMailboxes({
    model: mailbox,
    type,
    mailbox: (row) => ({ address: row.value, path: `${row.value.split('@').reverse().join('/')}/` }),
    owner: { uid: 5000, gid: 5000 },
  })

  describeLab(`postfix-virtual (${type})`, () => {
    let lab: Lab
    let host: LabHost
    let pipeline: Pipeline

    beforeAll(async () => {
      lab = await startLab({ hosts: ['mail1'] })
      host = lab.host('mail1')
      pipeline = new Pipeline(lab.clientKeyPath)
      await host.must('mkdir -p /var/mail/virtual && chown 5000:5000 /var/mail/virtual')
      await host.must(
        'postconf -e inet_interfaces=loopback-only smtpd_relay_restrictions=reject_unauth_destination && systemctl start postfix',
      )
    }, 600_000)

    afterAll(async () => {
      await pipeline?.[Symbol.asyncDispose]()
      await lab?.stop()
    }, 60_000)

    const writeDomains = (...values: string[]) =>
      pipeline.run(host, domains, [['sync', values.map((value) => ({ value }))]])
    const writeMailboxes = (...values: string[]) =>
      pipeline.run(host, mailboxes, [['sync', values.map((value) => ({ value }))]])
    const writeAliases = (...pairs: [string, string][]) =>
      pipeline.run(host, aliases, [['sync', pairs.map(([value, to]) => ({ value, to }))]])

    /** What the server says to a recipient: `250`, `550`, `554`, ... */
    async function answerTo(recipient: string): Promise<string> {
      const program = `import smtplib
s = smtplib.SMTP("127.0.0.1"); s.ehlo(); s.mail("sender@other.example")
print(s.rcpt("${recipient}")[0])`
      return (await host.must(`python3 -c '${program}'`)).trim()
    }

    const eventually = (recipient: string, answer: string) =>
      waitFor(`${recipient} is answered ${answer}`, async () => (await answerTo(recipient)) === answer)

    test('takes the mail of its addresses and refuses that of others', async () => {
      const ran = await writeDomains('a.example', 'b.example')
      expect(ran).toMatchObject({ results: ['ok changed'], reloads: ['reload postfix ok'] })
      expect((await writeMailboxes('info@a.example')).results).toEqual(['ok changed'])
      expect(
        (await writeAliases(['all@a.example', 'info@a.example'], ['@b.example', 'info@a.example'])).results,
      ).toEqual(['ok changed'])
      await eventually('info@a.example', '250')
      await eventually('all@a.example', '250')
      await eventually('anybody@b.example', '250')
      await eventually('nobody@a.example', '550')
      await eventually('info@c.example', '554')
    })

    test('delivers to the mailbox that an alias leads to', async () => {
      const send = `import smtplib
smtplib.SMTP("127.0.0.1").sendmail("sender@other.example", ["all@a.example"], "Subject: hello\\n\\nhello\\n")`
      await host.must(`python3 -c '${send}'`)
      await waitFor('the mail is there', async () => {
        const { stdout } = await host.exec('grep -rl hello /var/mail/virtual/a.example/info/new')
        return stdout.trim() !== ''
      })
    })

    test('changes nothing and reloads nothing the second time', async () => {
      await writeDomains('a.example', 'b.example')
      expect(await writeDomains('a.example', 'b.example')).toMatchObject({
        results: ['ok unchanged'],
        reloads: [],
      })
    })

    test('makes a database that is missing or older than its text', async () => {
      const file = `/etc/postfix/orchestra/domains.${type === 'hash' ? 'db' : 'lmdb'}`
      await host.must(`rm ${file}`)
      expect((await writeDomains('a.example', 'b.example')).results).toEqual(['ok changed'])
      expect((await host.must(`postmap -q a.example ${type}:/etc/postfix/orchestra/domains`)).trim()).toBe(
        'OK',
      )
    })

    test('names an address that is there twice, and goes on with what it had', async () => {
      await writeMailboxes('info@a.example')
      const ran = await writeMailboxes('info@a.example', 'new@a.example', 'info@a.example')
      expect(ran.results).toEqual(['failed unchanged'])
      expect(ran.outputs[0]).toContain('duplicate entry: "info@a.example"')
      await eventually('new@a.example', '550')
      await eventually('info@a.example', '250')
    })

    test('refuses what is no address', async () => {
      for (const value of [
        'a b@a.example',
        '#@a.example',
        'x@a.example\ny@b.example',
        'A@a.example',
        '@',
        '|id@a.example',
      ])
        expect((await writeMailboxes(value)).results[0]).toContain('not rendered')
      expect((await writeAliases(['x@a.example', '|/bin/sh'])).results[0]).toContain('not rendered')
      expect((await writeDomains('a.example\nb.example')).results[0]).toContain('not rendered')
    })

    test('takes no mail any more without objects', async () => {
      await writeAliases()
      await writeMailboxes()
      expect((await writeDomains()).results).toEqual(['ok changed'])
      await eventually('info@a.example', '554')
    })
  })
}
