import { defineModel, secret } from 'orchestrajs'
import { Client } from 'ssh2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { describeLab } from '../../../lab/describe-lab.ts'
import { type Lab, type LabHost, startLab } from '../../../lab/index.ts'
import { unixUser } from '../src/index.ts'
import { must, Pipeline, strict, type Wanted } from './pipeline.ts'

const account = defineModel({
  name: 'account',
  table: 'account',
  schema: z.object({
    login: z.string(),
    crypted: z.string().nullable(),
    shell: z.string().optional(),
    home: z.string().optional(),
    groups: z.array(z.string()),
    full_name: z.string(),
  }),
  secrets: ['crypted'],
})

const backend = unixUser({
  model: account,
  user: (row) => ({
    name: row.login,
    passwordHash: row.crypted,
    shell: row.shell,
    home: row.home,
    groups: row.groups,
    comment: row.full_name,
  }),
})

describeLab('unix-user', () => {
  let lab: Lab
  let host: LabHost
  let pipeline: Pipeline

  beforeAll(async () => {
    lab = await startLab({ hosts: ['shell1'] })
    host = lab.host('shell1')
    pipeline = new Pipeline(lab.clientKeyPath)
  }, 600_000)

  afterAll(async () => {
    await pipeline?.[Symbol.asyncDispose]()
    await lab?.stop()
  }, 60_000)

  function person(login: string, crypted: string | null, more: object = {}) {
    const base = { login, groups: [], full_name: 'A Person' }
    return { ...base, crypted: crypted === null ? null : secret(crypted, 'account.crypted'), ...more }
  }

  function run(...operations: Wanted[]) {
    return pipeline.run(host, backend, operations)
  }

  async function hash(password: string): Promise<string> {
    return host.must(`perl -e 'print crypt(<STDIN>, q($6$saltsalt$))'`, { input: password })
  }

  test('a person logs in over SSH with the password, in the shell, groups and home of the row', async () => {
    const ada = person('ada', await hash('first'), { shell: '/bin/sh', groups: ['web', 'team'] })
    expect((await run(['save', ada])).results).toEqual(['ok changed'])
    const answer = await login(host, 'ada', 'first', 'id -un; id -nG; pwd; echo $0; getent passwd ada')
    expect(answer).toMatch(
      /^ada\nada (web team|team web)\n\/home\/ada\nsh\nada:x:\d+:\d+:A Person:\/home\/ada:\/bin\/sh\n$/,
    )
  })

  test('the same row again changes nothing', async () => {
    const bea = person('bea', await hash('same'), { groups: ['web'], home: '/srv/people/bea' })
    expect((await run(['save', bea])).results).toEqual(['ok changed'])
    const before = await host.must(
      'cat /etc/passwd /etc/shadow /etc/group; stat -c %Y /etc/passwd /etc/shadow',
    )
    expect((await run(['save', bea])).results).toEqual(['ok unchanged'])
    expect(
      await host.must('cat /etc/passwd /etc/shadow /etc/group; stat -c %Y /etc/passwd /etc/shadow'),
    ).toBe(before)
  })

  test('a changed row changes password, shell, groups and home, whose files move along', async () => {
    await run(['save', person('cleo', await hash('old'), { groups: ['web', 'team'] })])
    await host.must('echo mine > /home/cleo/file')
    const changed = person('cleo', await hash('new'), {
      groups: ['web'],
      home: '/srv/people/cleo',
      shell: '/bin/sh',
    })
    expect((await run(['save', changed])).results).toEqual(['ok changed'])
    expect(await login(host, 'cleo', 'new', 'id -nG; cat ~/file; pwd')).toBe(
      'cleo web\nmine\n/srv/people/cleo\n',
    )
    await expect(login(host, 'cleo', 'old', 'true')).rejects.toThrow(/authentication/i)
  })

  test('a row without a hash has an account that no password opens', async () => {
    await run(['save', person('dora', await hash('open'))])
    expect((await run(['save', person('dora', null)])).results).toEqual(['ok changed'])
    await expect(login(host, 'dora', 'open', 'true')).rejects.toThrow(/authentication/i)
    expect((await run(['save', person('dora', null)])).results).toEqual(['ok unchanged'])
  })

  test('the hash is in no argument list on the server and in no shown script', async () => {
    const canary = await hash('canary')
    const watch =
      'until [[ -e /tmp/stop ]]; do cat /proc/[0-9]*/cmdline; done 2>/dev/null | tr "\\0" " " > /tmp/seen'
    const watching = host.exec(watch)
    const { results, masked } = await run(['save', person('eve', canary)])
    await host.must('touch /tmp/stop')
    await watching
    expect(results).toEqual(['ok changed'])
    expect(masked).not.toContain(canary)
    expect(masked).toContain('«secret:account.crypted»')
    const seen = await host.must('cat /tmp/seen')
    expect(seen).toContain('systemd')
    expect(seen).not.toContain(canary)
  })

  test('deleting ends what the user runs, removes the account, and keeps the home in the trash for root alone', async () => {
    const finn = person('finn', await hash('bye'))
    await run(['save', finn])
    await host.must(
      'echo kept > /home/finn/file; setsid runuser -u finn -- sleep 1000 > /dev/null 2>&1 < /dev/null &',
    )
    expect((await run(['delete', finn])).results).toEqual(['ok changed'])
    expect((await host.exec('id finn || pgrep -u finn')).code).not.toBe(0)
    const [entry] = (await pipeline.trash(host)).filter(({ path }) => path === '/home/finn')
    expect(entry).toMatchObject({ backend: 'unix-user', note: 'home of finn' })
    expect(await host.must('cat /var/lib/orchestra/trash/unix-user/*/data/file')).toBe('kept\n')
    expect(await host.must('stat -c "%a %U" /var/lib/orchestra/trash')).toBe('700 root\n')
    expect(await host.must('ls -d /home/finn || true')).toBe('')
    expect((await run(['delete', finn])).results).toEqual(['ok unchanged'])
  })

  test('a home and a crontab come back from the trash to an account that was made again under another number', async () => {
    const joe = person('joe', await hash('again'))
    await run(['save', joe])
    await host.must(
      'runuser -u joe -- touch /home/joe/mine; echo "0 0 1 1 * true" | crontab -u joe -; touch /home/joe/others',
    )
    expect((await run(['delete', joe])).results).toEqual(['ok changed'])
    const entries = (await pipeline.trash(host)).filter(({ note }) => note.endsWith(' joe'))
    expect(entries.map(({ note }) => note).sort()).toEqual(['crontab of joe', 'home of joe'])
    await host.must('useradd -u 4321 squatter')
    for (const { id } of entries) await pipeline.restore(host, id)
    await host.must('useradd -u 4322 --no-create-home joe')
    expect((await run(['save', joe])).results).toEqual(['ok changed'])
    expect(await host.must('stat -c "%U %n" /home/joe /home/joe/mine /home/joe/others')).toBe(
      'joe /home/joe\njoe /home/joe/mine\nroot /home/joe/others\n',
    )
    expect(await host.must('cat /var/spool/cron/crontabs/joe')).toContain('0 0 1 1 * true')
    expect((await run(['save', joe])).results).toEqual(['ok unchanged'])
  })

  test('a renamed account keeps its number, password, files and crontab, and its old name is gone', async () => {
    const kim = person('kim', await hash('same'), { groups: ['web'] })
    await run(['save', kim])
    await host.must(
      'echo mine > /home/kim/file; echo "0 0 1 1 * true" | crontab -u kim -; runuser -u kim -- touch /home/kim/own; mkdir -p /home/kim.orchestra-incoming/home/half',
    )
    await host.must('setsid runuser -u kim -- sleep 1000 > /dev/null 2>&1 < /dev/null &')
    const before = await host.must('id -u kim; getent shadow kim | cut -d: -f2; stat -c %i /home/kim/own')
    const kimberly = { ...kim, login: 'kimberly' }
    expect((await run(['rename', kimberly, kim])).results).toEqual(['ok changed'])
    expect(
      await host.must('id -u kimberly; getent shadow kimberly | cut -d: -f2; stat -c %i /home/kimberly/own'),
    ).toBe(before)
    expect(await login(host, 'kimberly', 'same', 'id -un; id -gn; pwd; cat file; crontab -l')).toBe(
      'kimberly\nkimberly\n/home/kimberly\nmine\n0 0 1 1 * true\n',
    )
    expect(
      await host.must(
        '! grep -r "^kim:" /etc/passwd /etc/group /etc/subuid; ls -d /home/kim{,.*} /var/spool/cron/crontabs/kim 2>/dev/null || true',
      ),
    ).toBe('')
    expect((await run(['rename', kimberly, kim])).results).toEqual(['ok unchanged'])
  })

  test.each([
    'groupmod -n lou2 lou',
    'groupmod -n lou2 lou; usermod -l lou2 lou',
    'groupmod -n lou2 lou; usermod -l lou2 lou; mv /home/lou /home/lou2',
  ])('a rename that was interrupted after %j ends right', async (done) => {
    const lou = person('lou', null)
    await run(['save', lou])
    await host.must(`echo mine > /home/lou/file; ${done}`)
    const renamed = { ...lou, login: 'lou2' }
    expect((await run(['rename', renamed, lou])).results).toEqual(['ok changed'])
    expect(
      await host.must(
        'cat /home/lou2/file; id -gn lou2; getent passwd lou2 | cut -d: -f6; ls -d /home/lou 2>/dev/null || true',
      ),
    ).toBe('mine\nlou2\n/home/lou2\n')
    await run(['delete', renamed])
  })

  test('a name that another account has is never taken over', async () => {
    const [max, ned] = [person('max', null), person('ned', null)]
    await run(['save', max], ['save', ned])
    const before = await host.must('cat /etc/passwd /etc/group; ls -l /home')
    const { results, outputs } = await run(['rename', { ...max, login: 'ned' }, max])
    expect(results).toEqual(['failed unchanged'])
    expect(outputs[0]).toContain('there is another account ned')
    expect(await host.must('cat /etc/passwd /etc/group; ls -l /home')).toBe(before)
  })

  test('the accounts of people are listed, those of the system are not', async () => {
    await run(['save', person('ola', null)], ['save', person('olaf', null)])
    const names = (await must(host, backend.list)).trim().split('\n')
    expect(names).toEqual(expect.arrayContaining(['ola', 'olaf']))
    for (const name of ['root', 'nobody', 'www-data']) expect(names).not.toContain(name)
    expect(await must(host, backend.read?.('ola'))).toContain('/home/ola')
  })

  test('an account of which only the name is known goes, with its home to the trash wherever it was', async () => {
    await run(['save', person('pia', null, { home: '/srv/people/pia' })], ['save', person('piano', null)])
    await host.must('echo kept > /srv/people/pia/file')
    expect((await run(['prune', 'pia'])).results).toEqual(['ok changed'])
    expect(
      await host.must(
        'id -un piano; id pia 2>/dev/null || ls -d /home/pia /srv/people/pia 2>/dev/null || true',
      ),
    ).toBe('piano\n')
    const [entry] = (await pipeline.trash(host)).filter(({ note }) => note === 'home of pia')
    expect(await host.must(`cat /var/lib/orchestra/trash/unix-user/${entry?.id}/data/file`)).toBe('kept\n')
    expect((await run(['prune', 'pia'])).results).toEqual(['ok unchanged'])
    expect((await run(['prune', 'root'])).results).toEqual(['failed unchanged'])
  })

  test('a home on another file system goes into a trash there', async () => {
    await host.must('mkdir -p /mnt/people && mount -t tmpfs -o mode=755 people /mnt/people')
    const quin = person('quin', null, { home: '/mnt/people/quin' })
    await run(['save', quin])
    const inode = await host.must('stat -c %i /mnt/people/quin')
    expect((await run(['delete', quin])).results).toEqual(['ok changed'])
    expect(await host.must('stat -c %i /mnt/people/.orchestra-trash/unix-user/*/data')).toBe(inode)
    expect((await pipeline.trash(host)).map(({ path }) => path)).toContain('/mnt/people/quin')
  })

  test('a home moves to another file system whole', async () => {
    await host.must('mkdir -p /mnt/far && mount -t tmpfs -o mode=755 far /mnt/far')
    const rob = person('rob', null)
    await run(['save', rob])
    await host.must('echo mine > /home/rob/file')
    expect((await run(['save', { ...rob, home: '/mnt/far/rob' }])).results).toEqual(['ok changed'])
    expect(
      await host.must('cat ~rob/file; stat -c %U ~rob; ls -A /mnt/far; ls -d /home/rob* 2>/dev/null || true'),
    ).toBe('mine\nrob\nrob\n')
  })

  test('what is mounted inside of a home is neither copied nor removed with it', async () => {
    const sol = person('sol', null)
    await run(['save', sol])
    await host.must(`mkdir -p /srv/others /mnt/far2; echo theirs >/srv/others/file; mkdir /home/sol/bound
mount --bind /srv/others /home/sol/bound; mount -t tmpfs -o mode=755 far2 /mnt/far2`)
    const { results, outputs } = await run(['save', person('sol', null, { home: '/mnt/far2/sol' })])
    expect(results).toEqual(['failed unchanged'])
    expect(outputs[0]).toContain('/home/sol/bound is a file system of its own')
    expect(await host.must('cat /srv/others/file; ls /mnt/far2')).toBe('theirs\n')
    await host.must('umount /home/sol/bound')
    expect((await run(['save', person('sol', null, { home: '/mnt/far2/sol' })])).results).toEqual([
      'ok changed',
    ])
  })

  test('a home that was on its way stays while nothing took its place', async () => {
    await run(['save', person('astray', null)])
    await host.must('echo mine >/home/astray/file; mv /home/astray /home/astray.orchestra-moved')
    const { results, outputs } = await run(['save', person('astray', null, { home: '/srv/astray' })])
    expect(results).toEqual(['failed unchanged'])
    expect(outputs[0]).toContain('/srv/astray is not there')
    expect(await host.must('cat /home/astray.orchestra-moved/file')).toBe('mine\n')
  })

  test('a home travels with its modes, times, links, holes and odd names, and is the same there', async () => {
    const [old, fresh] = [person('sam', null), person('samuel', null)]
    await run(['save', old], ['save', fresh])
    await host.must(`cd /home/sam && runuser -u sam -- bash -c '
      mkdir -m 750 deep && echo x > "deep/odd
name" && echo y > "-rf" && echo z > "ä '\\''*" && ln -s /nowhere dangling && ln "deep/odd
name" hard && truncate -s 50M hole && mkfifo pipe && cp /bin/true setuid && chmod 4755 setuid && touch -d 2001-02-03T04:05:06.789 old'
      touch roots; chown www-data roots; setfattr -n user.note -v hi old 2>/dev/null || true`)
    const { transfer } = backend
    const dump = strict(transfer?.dump(old as never))
    const restore = strict(transfer?.restore(fresh as never))
    await host.must(`set -o pipefail; (${dump}) | (${restore})`)
    await host.must(`set -o pipefail; (${dump}) | (${restore})`)
    const original = await must(host, transfer?.verify?.original(old as never))
    expect(await must(host, transfer?.verify?.restored(fresh as never))).toBe(original)
    expect(original).toMatch(/^entries \d+\nlisting \w{64}\ncontents \w{64}\n$/)
    await must(host, transfer?.switch(fresh as never))
    await must(host, transfer?.switch(fresh as never))
    expect(
      await host.must(
        'cd /home/samuel; stat -c "%a %U:%G" . deep setuid roots; stat -c %h hard; cat deep/*; (($(stat -c %b hole) < 100)); ls -d /home/samuel*',
      ),
    ).toBe(
      '700 samuel:samuel\n750 samuel:samuel\n755 samuel:samuel\n644 samuel:samuel\n2\nx\n/home/samuel\n'.replace(
        '700',
        (await host.must('stat -c %a /home/sam')).trim(),
      ),
    )
    await host.must('echo changed > /home/samuel/old')
    expect(await must(host, transfer?.verify?.original({ ...fresh } as never))).not.toBe(original)
  })

  test('an account whose deletion was interrupted is whole again when its row comes back', async () => {
    const hal = person('hal', await hash('back'))
    await run(['save', hal])
    await host.must('mv /home/hal /var/trash-of-hal')
    expect((await run(['save', hal])).results).toEqual(['ok changed'])
    expect(await login(host, 'hal', 'back', 'pwd; stat -c %U . .profile')).toBe('/home/hal\nhal\nhal\n')
  })

  describe('what comes from another server', () => {
    /** Gives the restore of an account's home what a hostile server sends: the archive that a program of the host writes. */
    async function receive(login: string, archive: string) {
      const row = person(login, null)
      expect((await run(['save', row])).results).toEqual(['ok changed'])
      const { transfer } = backend
      const restore = strict(transfer?.restore(row as never))
      const switching = strict(transfer?.switch(row as never))
      return host.exec(
        `rm -rf /root/evil; mkdir /root/evil; cd /root/evil\n${archive}\n(${restore}) </root/evil.tar && (${switching})`,
      )
    }

    const treeOf = (login: string) =>
      host.must(`cd /home/${login}; find . -mindepth 1 ! -name '.*' -printf '%P %y %m %U %G\n' | sort`)

    test('leaves nothing behind unsaid: what the account cannot read stops the dump and is named', async () => {
      await run(['save', person('xena', null)])
      await host.must(
        'cd /home/xena; mkdir -m 700 www; echo x >www/session; chown -R www-data: www; touch own; chmod 0 own; chown xena own',
      )
      const dump = strict(backend.transfer?.dump(person('xena', null) as never))
      const answer = await host.exec(dump)
      expect(answer.code).not.toBe(0)
      expect(answer.stderr).toContain('www belongs to somebody else and the account cannot read it')
      await host.must('chmod -R o+rX /home/xena/www')
      expect(await host.must(`(${dump}) | tar -tf - | sort | grep -E 'own|session'`)).toBe(
        './own\n./www/session\n',
      )
    })

    test('belongs to the account, without set-id bits, whatever the archive says', async () => {
      const { code } = await receive(
        'vic',
        `cp /bin/true rootsh; chmod 6755 rootsh; mkdir dir; chmod 2775 dir; cp rootsh dir/again; chown -R 0:42 .
chmod 6755 rootsh dir/again; chmod 2775 dir; tar -cpf ../evil.tar --xattrs .`,
      )
      expect(code).toBe(0)
      const id = (await host.must('id -u vic')).trim()
      expect(await treeOf('vic')).toBe(
        `dir d 2775 ${id} ${id}\ndir/again f 755 ${id} ${id}\nrootsh f 755 ${id} ${id}\n`,
      )
    })

    test.each([
      ['a device', 'mknod disk b 8 0; chmod 666 disk; tar -cpf ../evil.tar .'],
      ['a hard link out', 'touch a; ln a b; tar -cpf ../evil.tar --transform=flags=h;s,a,/etc/shadow, a b'],
      ['something above itself', 'touch owned; tar -cpPf ../evil.tar --transform=s,owned,../../owned, owned'],
      ['a path of the system', 'touch owned; tar -cpPf ../evil.tar --transform=s,owned,/etc/owned, owned'],
      [
        'a path through its own link',
        'ln -s /etc l; tar -cpf ../evil.tar l; rm l; mkdir l; touch l/owned; tar -rpf ../evil.tar l/owned',
      ],
      [
        'a capability',
        'cp /bin/true cap; setcap cap_setuid+ep cap; tar -cpf ../evil.tar --xattrs --xattrs-include=* .',
      ],
    ])('brings nothing out of its place with %s', async (_, archive) => {
      const before = await host.must('ls -la /etc /home | grep -v "\\.$"; cat /etc/shadow | wc -l')
      const login = `wes${Math.abs(hashOf(archive))}`
      await receive(login, archive)
      expect(
        (await host.must('ls -la /etc /home | grep -v "\\.$"; cat /etc/shadow | wc -l')).includes('owned'),
      ).toBe(before.includes('owned'))
      const found = await host.must(
        `cd /home; find ${login}* -xdev \\( -type b -o -type c -o ! -user ${login} -o -samefile /etc/shadow \\) ! -name '*.orchestra-incoming' -print; getcap -r ${login}*`,
      )
      expect(found).toBe('')
      await run(['delete', person(login, null)])
    })
  })

  describe('what was somebody’s', () => {
    test('no number is handed on: not of an account, a group or a range, whoever removed it', async () => {
      const numbers = () =>
        host.must(
          `getent passwd | cut -d: -f3,4 | tr : '\n'; getent group | cut -d: -f3; cut -d: -f2 /etc/subuid /etc/subgid`,
        )
      await run(['save', person('first', null)])
      await host.must('useradd -U byhand')
      const seen = new Set((await numbers()).trim().split('\n'))
      await run(['delete', person('first', null)])
      await run(['save', person('second', null, { groups: ['seconds'] })])
      await host.must('userdel byhand; userdel second; groupdel seconds')
      await run(['save', person('third', null, { groups: ['thirds'] })])
      const third = await host.must(
        `id -u third; id -g third; getent group thirds | cut -d: -f3; grep third: /etc/subuid /etc/subgid | cut -d: -f3`,
      )
      for (const number of third.trim().split('\n')) expect(seen).not.toContain(number)
      expect(new Set(third.trim().split('\n')).size).toBe(3)
    })

    test('the same name again gets no mail, no jobs, no lingering and no number of who had it', async () => {
      const gone = person('twin', null)
      await run(['save', gone])
      await host.must(`uid=$(id -u twin); echo mail >/var/mail/twin; chown twin:mail /var/mail/twin
mkdir -p /var/spool/cron/atjobs; echo true >/var/spool/cron/atjobs/a1; chown twin /var/spool/cron/atjobs/a1
mkdir -p /var/lib/systemd/linger; touch /var/lib/systemd/linger/twin; echo x >/tmp/of-twin; chown twin /tmp/of-twin`)
      const before = await host.must('id -u twin; grep ^twin: /etc/subuid')
      expect((await run(['delete', gone])).results).toEqual(['ok changed'])
      expect(
        await host.must(
          'ls /var/mail/twin /var/spool/cron/atjobs/* /var/lib/systemd/linger/twin 2>/dev/null || true',
        ),
      ).toBe('')
      expect((await run(['delete', gone])).results).toEqual(['ok unchanged'])
      expect((await run(['save', gone])).results).toEqual(['ok changed'])
      const after = await host.must('id -u twin; grep ^twin: /etc/subuid; stat -c %U /tmp/of-twin')
      for (const line of before.trim().split('\n')) expect(after).not.toContain(line)
      expect(after).toContain('UNKNOWN')
      const [entry] = (await pipeline.trash(host)).filter(({ note }) => note === 'mail and jobs of twin')
      await pipeline.restore(host, entry?.id ?? '')
      expect(await host.must('stat -c %U /var/mail/twin; cat /var/mail/twin')).toBe('twin\nmail\n')
    })

    test.each([
      'boss ALL=(ALL) NOPASSWD: ALL',
      'deploy , boss\tALL=(ALL) ALL',
      'deploy,%boss ALL=ALL',
      '"boss" ALL=ALL',
      'User_Alias ADMINS = deploy, boss : OTHERS = deploy',
    ])('a name for which sudo has %j is given to no new account, by no save and no rename', async (rule) => {
      const [boss, staff] = [person('boss', null), person('staff1', null)]
      await run(['save', staff])
      await host.must(`cat >/etc/sudoers.d/rules`, { input: `${rule}\n` })
      for (const operation of [
        ['save', boss],
        ['rename', { ...staff, login: 'boss' }, staff],
      ] as const) {
        const { results, outputs } = await run(operation)
        expect(results).toEqual(['failed unchanged'])
        expect(outputs[0]).toContain('/etc/sudoers.d/rules')
      }
      expect((await host.exec('id boss')).code).not.toBe(0)
      await host.must(
        'echo "deploy boss.example=(boss) /usr/bin/boss boss # boss" >/etc/sudoers.d/rules; echo "#boss ALL=ALL" >>/etc/sudoers.d/rules',
      )
      expect((await run(['save', boss])).results).toEqual(['ok changed'])
      // Who has the account knows whom the rule is for.
      await host.must(`cat >/etc/sudoers.d/rules`, { input: `${rule}\n` })
      expect((await run(['save', boss])).results).toEqual(['ok unchanged'])
      await run(['delete', boss], ['delete', staff])
      expect((await run(['save', boss])).results).toEqual(['failed unchanged'])
      await host.must('rm /etc/sudoers.d/rules')
    })

    test('a group for which sudo has rules is not made for a row, unless it is allowed', async () => {
      await host.must('echo "%operators ALL=(ALL) ALL" >/etc/sudoers.d/rules')
      const olga = person('olga', null, { groups: ['operators'] })
      const { results, outputs } = await run(['save', olga])
      expect(results[0]).toContain('failed')
      expect(outputs[0]).toContain('sudo has rules for the group operators')
      expect((await host.exec('getent group operators')).code).not.toBe(0)
      const allowing = unixUser({
        model: account,
        user: ({ login, groups }) => ({ name: login, groups }),
        allowGroups: ['operators'],
      })
      expect((await pipeline.run(host, allowing, [['save', olga]])).results).toEqual(['ok changed'])
      await host.must('rm /etc/sudoers.d/rules')
    })

    test('a group of the name is not taken over, and what made half an account is gone on with', async () => {
      await host.must('groupadd crew')
      const { results, outputs } = await run(['save', person('crew', null)])
      expect(results).toEqual(['failed unchanged'])
      expect(outputs[0]).toContain('there is a group crew already')
      await host.must('groupadd -g 7777 halfway; echo "halfway 7777" >/var/lib/orchestra/accounts/making')
      expect((await run(['save', person('halfway', null)])).results).toEqual(['ok changed'])
      expect(await host.must('id -u halfway; id -g halfway')).toBe('7777\n7777\n')
    })
  })

  test('groups of the system are refused by their number, and allowed by name', async () => {
    await host.must('groupadd --system renamed')
    for (const group of ['sudo', 'shadow', 'disk', 'nogroup', 'renamed', 'docker']) {
      const { results, outputs } = await run(['save', person('uma', null, { groups: [group] })])
      expect(results).toEqual(['failed unchanged'])
      expect(outputs[0]).toContain(`${group} is a group of the system`)
      expect(await host.must('getent passwd uma || getent group docker || true')).toBe('')
    }
    const allowing = unixUser({
      model: account,
      allowGroups: ['www-data'],
      user: (row) => ({ name: row.login, groups: row.groups }),
    })
    const { results } = await pipeline.run(host, allowing, [
      ['save', person('uma', null, { groups: ['www-data'] })],
    ])
    expect(results).toEqual(['ok changed'])
    expect(await host.must('id -nG uma')).toBe('uma www-data\n')
  })

  test.each([
    ['UMASK 027', '750'],
    ['HOME_MODE 0700', '700'],
    ['HOME_MODE 0711\nUMASK 022', '711'],
  ])('a new home has the mode that login.defs says: %s', async (line, mode) => {
    await host.must(
      `cp /etc/login.defs /root/defs; sed -i '/^UMASK/d' /etc/login.defs; printf '\n${line}\n' >>/etc/login.defs`,
    )
    await run(['save', person('una', null)])
    expect(await host.must('stat -c "%a %U:%G" /home/una; stat -c %U /home/una/.profile')).toBe(
      `${mode} una:una\nuna\n`,
    )
    await host.must('cp /root/defs /etc/login.defs')
    await run(['delete', person('una', null)])
  })

  test.each([
    ['a shell that is not there', { shell: '/usr/bin/nosuchsh' }, 'is no program'],
    ['a home of a neighbour', { home: '/home/neighbour' }, 'belongs to another account'],
    ['a home through a link', { home: '/srv/link/val' }, '/srv/link is a link'],
    [
      'a home below a neighbour',
      { home: '/home/neighbour/val' },
      '/home/neighbour belongs to neighbour, who could put',
    ],
    ['a home that ends with a slash', { home: '/home/val/' }, 'write the path without a slash at its end'],
    ['a home below what all may write', { home: '/srv/all/val' }, '/srv/all is writable by others'],
  ])('%s is refused by name', async (_, more, text) => {
    await host.must(
      `id neighbour 2>/dev/null || useradd -m neighbour; mkdir -p /srv/all /srv/real; chmod 1777 /srv/all; ln -sfn /srv/real /srv/link`,
    )
    const before = await host.must('ls -lan /home/neighbour /srv/real /srv/all')
    const { results, outputs } = await run(['save', person('val', null, more)])
    expect(results[0]).toMatch(/^(failed|not rendered)/)
    expect(`${results[0]} ${outputs[0]}`).toContain(text)
    expect(await host.must('ls -lan /home/neighbour /srv/real /srv/all')).toBe(before)
    await host.must('userdel val 2>/dev/null || true')
  })

  test.each(['$9$unknown$abcdefgh', '$6$salt$tooshort', '$6$rounds=999999999$saltsalt$x'])(
    'a hash that opens to nobody is refused: %s',
    async (useless) => {
      const { results, outputs } = await run(['save', person('wil', useless)])
      expect(results[0]).toMatch(/^failed/)
      expect(outputs[0]).toContain('nobody could log in')
      expect(outputs[0]).not.toContain(useless)
      expect(await host.must('getent shadow wil | cut -d: -f2')).toBe('*\n')
    },
    30_000,
  )

  test('an account of the system is refused and stays as it was, whatever the row says', async () => {
    const before = await host.must('cat /etc/passwd /etc/shadow')
    const rows = ['root', 'www-data', 'nobody'].map((login) => person(login, null))
    const operations = rows.flatMap((row): Wanted[] => [
      ['save', row],
      ['delete', row],
    ])
    const { results, outputs } = await run(...operations)
    expect(results).toEqual(operations.map(() => 'failed unchanged'))
    expect(outputs[0]).toContain('root is an account of the system')
    expect(await host.must('cat /etc/passwd /etc/shadow')).toBe(before)
  })

  test('a row that makes no account is named by its field, and stops nobody else', async () => {
    const rows = [
      person('-rf', null),
      person('x:0:0', null),
      person('gus', 'plain password'),
      person('gus', null, { home: '/etc' }),
      person('gus', null, { full_name: 'a:b' }),
      person('gus', null),
    ]
    const { results } = await run(...rows.map((row): Wanted => ['save', row]))
    expect(results.slice(0, 5).map((result) => /object: (\w+)/.exec(result)?.[1])).toEqual([
      'name',
      'name',
      'passwordHash',
      'home',
      'comment',
    ])
    expect(results[5]).toBe('ok changed')
  })
})

/** A number for a name that a test needs only once. */
const hashOf = (text: string) => [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) | 0, 7)

/** Logs in by password and returns what the command writes. */
function login(host: LabHost, username: string, password: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const client = new Client()
    client.once('error', reject)
    client.once('ready', () =>
      client.exec(command, (error, stream) => {
        if (error) return reject(error)
        let output = ''
        stream.on('data', (bytes: Buffer) => {
          output += bytes
        })
        stream.once('close', () => {
          client.end()
          resolve(output)
        })
      }),
    )
    client.connect({ host: host.address, port: host.port, username, password })
  })
}
