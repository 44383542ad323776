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
        'postconf -e inet_interfaces=loopback-only smtpd_relay_restrictions=reject_unauth_destination myhostname=mail.host.example "mydestination=\\$myhostname, localhost" && systemctl start postfix',
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

    test('a mailbox keeps its mail where an alias takes all of its domain, and an alias of its own goes first', async () => {
      await writeMailboxes('info@a.example', 'kept@a.example')
      await writeAliases(['@a.example', 'info@a.example'])
      expect(await host.must('postmap -q kept@a.example $(postconf -h virtual_alias_maps)')).toBe(
        'kept@a.example\n',
      )
      await writeAliases(['@a.example', 'info@a.example'], ['kept@a.example', 'x@elsewhere.example'])
      expect(
        await host.must('postmap -q kept@a.example $(postconf -h virtual_alias_maps | cut -d " " -f 1)'),
      ).toBe('x@elsewhere.example\n')
      await eventually('nobody@a.example', '250')
      await writeAliases()
    })

    test('refuses a domain whose mail is the own mail of the host or goes elsewhere', async () => {
      const before = await host.must('postconf -h mydestination')
      await host.must(
        `mkdir -p /etc/mail && echo '# own\nlisted.example' >/etc/mail/names && echo 'table.example x' >/etc/mail/t && postmap ${type}:/etc/mail/t
        postconf -e 'mydestination=mail.host.example, localhost /etc/mail/names ${type}:/etc/mail/t' virtual_alias_domains=alias.example relay_domains=corp.example`,
      )
      for (const taken of [
        'mail.host.example',
        'localhost',
        'listed.example',
        'table.example',
        'alias.example',
        'corp.example',
        'post.corp.example',
      ]) {
        const ran = await writeDomains('a.example', taken)
        expect(ran.results).toEqual(['failed unchanged'])
        expect(ran.outputs[0]).toContain(`${taken} is in `)
      }
      await host.must(`postconf -e 'mydestination=${before.trim()}' virtual_alias_domains= relay_domains=`)
      await eventually('info@a.example', '250')
    })

    test('refuses an alias that would take mail of the host, or of domains whose mail only passes', async () => {
      for (const from of ['root@mail.host.example', 'root@localhost', '@localhost']) {
        const ran = await writeAliases(['all@a.example', 'info@a.example'], [from, 'info@a.example'])
        expect(ran.results).toEqual(['failed unchanged'])
        expect(ran.outputs[0]).toContain('the alias would take the own mail of this host')
      }
      const ran = await writeAliases(['somebody@passes.example', 'info@a.example'])
      expect(ran.outputs[0]).toContain('passes.example is no domain whose mail this server takes')
      for (const from of ['root', 'postmaster', 'root@'])
        expect((await writeAliases([from, 'info@a.example'])).results[0]).toContain('not rendered')
    })

    test('every address that is accepted is one to Postfix too', async () => {
      const names = [
        'a..b',
        'a.b',
        '0',
        'a+b',
        'a=b',
        'a_b',
        'a-',
        'a---b',
        'a.+=',
        'double-bounce',
        'mailer-daemon',
      ]
      const all = names.map((name) => `${name}@a.example`)
      expect((await writeMailboxes(...all)).results).toEqual(['ok changed'])
      for (const one of all) await eventually(one, '250')
      await writeMailboxes('info@a.example')
    })

    test('refuses a mailbox in a domain that Postfix has none in', async () => {
      const ran = await writeMailboxes('info@a.example', 'info@nowhere.example')
      expect(ran.results).toEqual(['failed unchanged'])
      expect(ran.outputs[0]).toContain('nowhere.example is not in virtual_mailbox_domains')
    })

    test.each<[string, ...[string, string][]]>([
      ['two', ['x@a.example', 'y@a.example'], ['y@a.example', 'x@a.example']],
      ['all of two domains', ['@a.example', 'x@b.example'], ['@b.example', 'x@a.example']],
      [
        'three, in capitals',
        ['x@a.example', 'Y@A.example'],
        ['y@a.example', 'z@b.example'],
        ['@b.example', 'X@a.example'],
      ],
    ])('refuses aliases that lead back to themselves: %s', async (_, ...pairs) => {
      const ran = await writeAliases(...pairs)
      expect(ran.results).toEqual(['failed unchanged'])
      expect(ran.outputs[0]).toContain('and back: Postfix would take no mail for them')
    })

    test('accepts aliases that end in themselves', async () => {
      expect(
        (await writeAliases(['x@a.example', 'x@a.example'], ['@b.example', 'y@b.example'])).results[0],
      ).toMatch(/^ok/)
      await writeAliases()
    })

    test('tells a row that it refuses from what an older version has written', async () => {
      await writeAliases()
      await host.must(
        `cd /etc/postfix/orchestra; echo 'root@passes.example x@a.example' >>aliases; postmap ${type}:aliases`,
      )
      const ran = await writeAliases(
        ['all@a.example', 'info@a.example'],
        ['root@passes.example', 'x@a.example'],
      )
      expect(ran.outputs[0]).toContain('The check failed, the old state is back')
      expect((await writeAliases(['all@a.example', 'info@a.example'])).results).toEqual(['ok changed'])
      await writeAliases()
    })

    test('maps that others named in main.cf stay there', async () => {
      await host.must(
        `touch /etc/mail/own && postmap ${type}:/etc/mail/own && postconf -e virtual_alias_maps=${type}:/etc/mail/own`,
      )
      await writeAliases(['all@a.example', 'info@a.example'])
      const maps = ['/etc/mail/own', '/etc/postfix/orchestra/aliases', '/etc/postfix/orchestra/addresses']
      expect(await host.must('postconf -h virtual_alias_maps')).toBe(
        `${maps.map((map) => `${type}:${map}`).join(' ')}\n`,
      )
      await host.must('postconf -e virtual_alias_maps=')
      await writeAliases()
    })

    test('works on a host without IPv6, of which Postfix warns each time', async () => {
      const unit = '/etc/systemd/system/ssh.service.d/four.conf'
      const restart = 'systemctl daemon-reload && systemctl restart ssh'
      await host.must(
        `mkdir -p $(dirname ${unit}) && printf '[Service]\nRestrictAddressFamilies=AF_INET AF_UNIX AF_NETLINK\n' >${unit} && ${restart}`,
      )
      const alone = new Pipeline(lab.clientKeyPath)
      const ran = await alone.run(host, domains, [
        ['sync', [{ value: 'a.example' }, { value: 'four.example' }]],
      ])
      await alone[Symbol.asyncDispose]()
      await host.must(`rm ${unit} && ${restart}`)
      expect(ran.results).toEqual(['ok changed'])
    })

    test('a reload that ends Postfix is a failure', async () => {
      await host.must('cp /etc/postfix/master.cf /root/; echo broken >>/etc/postfix/master.cf')
      const ran = await writeDomains('a.example', 'b.example', 'late.example')
      await host.must('cp /root/master.cf /etc/postfix/master.cf')
      expect(ran.reloads).toEqual(['reload postfix failed'])
      expect((await writeDomains('a.example', 'b.example', 'late.example')).reloads).toEqual([
        'reload postfix ok',
      ])
      await host.must('postfix status')
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
      expect((await writeAliases()).results[0]).toMatch(/^ok/)
      expect((await writeMailboxes()).results).toEqual(['ok changed'])
      expect((await writeDomains()).results).toEqual(['ok changed'])
      await eventually('info@a.example', '554')
    })
  })
}
