import { defineModel, secret } from 'orchestrajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { describeLab } from '../../../lab/describe-lab.ts'
import { type Lab, type LabHost, startLab } from '../../../lab/index.ts'
import { claimsOf, recordOperation } from '../../orchestra/src/script/index.ts'
import { mariadbDatabase } from '../src/index.ts'
import type { Privilege } from '../src/mariadb-database/index.ts'
import { must, Pipeline, strict, type Wanted } from './pipeline.ts'

const user = z.object({
  name: z.string(),
  host: z.string().optional(),
  password: z.custom<ReturnType<typeof secret>>(),
  privileges: z.array(z.custom<Privilege>()).optional(),
})

const shop = defineModel({
  name: 'shop',
  table: 'shop',
  schema: z.object({ db: z.string(), users: z.array(user) }),
})

const backend = mariadbDatabase({
  model: shop,
  database: (row) => ({ name: row.db, users: row.users }),
})

describeLab('mariadb-database', () => {
  let lab: Lab
  let host: LabHost
  let pipeline: Pipeline

  beforeAll(async () => {
    lab = await startLab({ hosts: ['db1'] })
    host = lab.host('db1')
    pipeline = new Pipeline(lab.clientKeyPath)
    await host.must('systemctl start mariadb')
  }, 600_000)

  afterAll(async () => {
    await pipeline?.[Symbol.asyncDispose]()
    await lab?.stop()
  }, 60_000)

  function row(
    db: string,
    ...users: { name: string; host?: string; password: string; privileges?: Privilege[] }[]
  ) {
    return { db, users: users.map((one) => ({ ...one, password: secret(one.password, 'shop.password') })) }
  }

  function run(...operations: Wanted[]) {
    return pipeline.run(host, backend, operations)
  }

  function sql(text: string, database = ''): Promise<string> {
    return host.must(`mariadb --batch --raw --skip-column-names ${database}`, { input: text })
  }

  function as(name: string, password: string, database: string, text: string) {
    return host.exec(
      `MYSQL_PWD='${password}' mariadb --batch --raw --skip-column-names -h 127.0.0.1 -u ${name} ${database}`,
      { input: text },
    )
  }

  const everything = `
    create table kinds (id int primary key, name varchar(50));
    create table things (id int primary key auto_increment, kind int, body blob, foreign key (kind) references kinds (id));
    insert into kinds values (1, 'ünï'), (2, 'it''s');
    insert into things (kind, body) values (1, x'00ff0a'), (2, 'plain');`
  const code = `
    create view named as select things.id, kinds.name from things join kinds on kinds.id = things.kind;
    create trigger filled before insert on things for each row set new.body = coalesce(new.body, 'empty');
    create procedure answer() select 42;`

  async function grants(name: string): Promise<string> {
    return sql(`show grants for '${name}'@'localhost'`)
  }

  test('a user logs in with the password and does what its privileges say, on this database only', async () => {
    const first = row(
      'shop_one',
      { name: 'one_owner', password: "it's \\ secret" },
      { name: 'one_reader', password: 'read', privileges: ['SELECT', 'SHOW VIEW'] },
    )
    expect((await run(['save', first], ['save', row('shopXone')])).results).toEqual([
      'ok changed',
      'ok changed',
    ])
    expect((await run(['save', first], ['save', row('shopXone')])).results).toEqual([
      'ok unchanged',
      'ok unchanged',
    ])
    const made = await as(
      'one_owner',
      `it'\\''s \\ secret`,
      'shop_one',
      'create table t (x int); insert into t values (7)',
    )
    expect(made).toMatchObject({ code: 0, stderr: '' })
    expect(await as('one_reader', 'read', 'shop_one', 'select x from t')).toMatchObject({
      code: 0,
      stdout: '7\n',
    })
    expect((await as('one_reader', 'read', 'shop_one', 'drop table t')).code).not.toBe(0)
    // An underscore in a grant stands for any character.
    expect((await as('one_owner', `it'\\''s \\ secret`, 'shopXone', 'select 1')).code).not.toBe(0)
  })

  test('a changed row changes passwords and privileges, and who left it loses them', async () => {
    const [ann, bob] = [
      { name: 'ann', password: 'a1' },
      { name: 'bob', password: 'b1' },
    ]
    await run(['save', row('team', ann, bob)], ['save', row('other', bob)])
    const less: Privilege[] = ['SELECT', 'INSERT']
    const changed = row('team', { name: 'ann', password: 'a2', privileges: less })
    expect((await run(['save', changed])).results).toEqual(['ok changed'])
    expect(await grants('ann')).toContain('GRANT SELECT, INSERT ON `team`.* TO')
    expect((await as('ann', 'a1', 'team', 'select 1')).code).not.toBe(0)
    expect((await as('ann', 'a2', 'team', 'select 1')).code).toBe(0)
    expect(await grants('bob')).not.toContain('`team`')
    expect(await grants('bob')).toContain('`other`')
    expect((await run(['save', changed])).results).toEqual(['ok unchanged'])
    await run(['save', row('other')])
    expect(await sql(`select count(*) from mysql.user where user = 'bob'`)).toBe('0\n')
  })

  test('an account that no row made loses what it may do with a database and stays, when the row is saved or deleted', async () => {
    await run(['save', row('watched', { name: 'eve', password: 'e1' })])
    await sql(`create user 'admin_own'@'localhost'; grant select on watched.* to 'admin_own'@'localhost'`)
    const is = `select group_concat(user order by user) from mysql.user where user in ('eve', 'admin_own')`
    await run(['save', row('watched', { name: 'eve', password: 'e1' })])
    expect(await grants('admin_own')).not.toContain('watched')
    expect(await sql(is)).toBe('admin_own,eve\n')
    await sql(`grant select on watched.* to 'admin_own'@'localhost'`)
    await run(['delete', row('watched', { name: 'eve', password: 'e1' })])
    expect(await sql(is)).toBe('admin_own\n')
  })

  test('no password is in an argument list on the server or in a shown script', async () => {
    const watching = host.exec(
      'until [[ -e /tmp/stop ]]; do cat /proc/[0-9]*/cmdline; done 2>/dev/null | tr "\\0" " " > /tmp/seen',
    )
    const { results, masked } = await run(['save', row('quiet', { name: 'quiet', password: 'canary-word' })])
    await host.must('touch /tmp/stop')
    await watching
    expect(results).toEqual(['ok changed'])
    const hash = (await sql(`select authentication_string from mysql.user where user = 'quiet'`)).trim()
    const seen = await host.must('cat /tmp/seen')
    expect(seen).toContain('systemd')
    for (const text of [masked, seen]) {
      expect(text).not.toContain('canary-word')
      expect(text).not.toContain(hash)
    }
    expect(masked).toContain('«secret:shop.password»')
  })

  test('a deleted database leaves a dump in the trash, from which it comes back with all that was in it', async () => {
    const gone = row('gone', { name: 'goner', password: 'g' })
    await run(['save', gone], ['save', row('gone_too')])
    await sql(everything + code, 'gone')
    expect((await run(['delete', gone])).results).toEqual(['ok changed'])
    expect(await must(host, backend.list)).not.toMatch(/^gone$/m)
    expect(await must(host, backend.list)).toMatch(/^gone_too$/m)
    expect(await sql(`select count(*) from mysql.user where user = 'goner'`)).toBe('0\n')
    expect((await run(['delete', gone])).results).toEqual(['ok unchanged'])
    const [entry] = (await pipeline.trash(host)).filter(({ note }) => note === 'database gone')
    await pipeline.restore(host, entry?.id ?? '')
    expect((await run(['save', gone])).results).toEqual(['ok changed'])
    expect(
      await sql(
        'select name, hex(body) from named join things using (id) order by id; call answer()',
        'gone',
      ),
    ).toBe(`ünï\t00FF0A\nit's\t706C61696E\n42\n`)
    expect((await as('goner', 'g', 'gone', 'select 1')).code).toBe(0)
    expect(await host.must('find /var/lib/orchestra/mariadb -type f')).toBe('')
  })

  test('a broken view keeps nobody from deleting its database, and stands in the dump as it was', async () => {
    await run(['save', row('broken')])
    await sql(
      `create table lost (id int);
create view good as select 1 as one;
create view bad as select id from lost;
create view \`odd '
name\` as select id from lost;
create user passing@localhost;
create definer=passing@localhost view orphan as select 1;
drop user passing@localhost;
drop table lost`,
      'broken',
    )
    expect((await run(['delete', row('broken')])).results).toEqual(['ok changed'])
    const [entry] = (await pipeline.trash(host)).filter(({ note }) => note === 'database broken')
    const dump = await host.must(`cat /var/lib/orchestra/trash/*/${entry?.id}/data`)
    for (const view of ['bad', 'odd', 'orphan'])
      expect(dump).toContain(`-- left out, because it is broken: view ${view}`)
    await pipeline.restore(host, entry?.id ?? '')
    expect(await sql('select * from good; show tables', 'broken')).toBe('1\ngood\n')
  })

  test('what an administrator set for people, or as the mode of the server, changes no answer', async () => {
    const noisy = row('noisy_db', { name: 'noisy_user', password: 'n' })
    await run(['save', noisy])
    await sql('create table kept (id int); insert into kept values (7)', 'noisy_db')
    await sql(`set global sql_mode = 'ANSI,ORACLE,NO_BACKSLASH_ESCAPES'`)
    await host.must(`cat >/root/.my.cnf <<'END'
[client]
user=root
verbose
table
default-character-set=latin1
[mysql]
vertical
line-numbers
column-type-info
init-command="select 'noise'"
tee=/tmp/teed
[mysqldump]
no-data
where="1=0"
END`)
    try {
      expect((await run(['save', noisy])).results).toEqual(['ok unchanged'])
      const listed = (await must(host, backend.list)).split('\n')
      expect(listed).toContain('noisy_db')
      expect((await run(['delete', noisy])).results).toEqual(['ok changed'])
    } finally {
      await host.must('rm -f /root/.my.cnf')
      await sql('set global sql_mode = default')
    }
    const [entry] = (await pipeline.trash(host)).filter(({ note }) => note === 'database noisy_db')
    await pipeline.restore(host, entry?.id ?? '')
    expect(await sql('select id from kept', 'noisy_db')).toBe('7\n')
  })

  test('a dump does not go over a database that was made meanwhile', async () => {
    await run(['save', row('again')])
    await sql(everything, 'again')
    await run(['delete', row('again')], ['save', row('again')])
    await sql('create table newer (x int)', 'again')
    const [entry] = (await pipeline.trash(host)).filter(({ note }) => note === 'database again')
    await expect(pipeline.restore(host, entry?.id ?? '')).rejects.toThrow(/not empty/)
    expect(await sql('show tables', 'again')).toBe('newer\n')
    expect((await pipeline.trash(host)).map(({ id }) => id)).toContain(entry?.id)
  })

  test.each([
    ['tables', everything],
    ['tables, views, triggers and procedures', everything + code],
  ])('a renamed database keeps its %s, and its users come along', async (_, content) => {
    const [old, fresh] = ['was_here', 'is_here'].map((db) => row(db, { name: 'mover', password: 'm' }))
    await run(['save', old])
    await sql(content, 'was_here')
    expect((await run(['rename', fresh, old])).results).toEqual(['ok changed'])
    expect(await sql('select count(*) from things join kinds on kinds.id = kind', 'is_here')).toBe('2\n')
    if (content !== everything) {
      expect(
        await sql(
          `insert into things (kind) values (1); select body from things where id = last_insert_id(); call answer(); select count(*) from named`,
          'is_here',
        ),
      ).toBe('empty\n42\n3\n')
    }
    expect((await as('mover', 'm', 'is_here', 'select 1')).code).toBe(0)
    expect(await must(host, backend.list)).not.toContain('was_here')
    expect(await grants('mover')).not.toContain('was')
    expect((await run(['rename', fresh, old])).results).toEqual(['ok unchanged'])
    await run(['delete', fresh])
  })

  test('a rename that was interrupted goes on; one onto another database is refused', async () => {
    const [old, fresh] = [row('half'), row('whole')]
    await run(['save', old], ['save', fresh])
    await sql(everything + code, 'half')
    await sql('create table left_over (x int)', 'whole')
    const refused = await run(['rename', fresh, old])
    expect(refused.results).toEqual(['failed unchanged'])
    expect(refused.outputs[0]).toContain('there is another database whole')
    expect(await sql('show tables', 'whole')).toBe('left_over\n')
    const mark = (to: string, how: string, from: string) =>
      host.must(
        `mkdir -p /var/lib/orchestra/mariadb && printf '%s\\n' ${how} ${from} > /var/lib/orchestra/mariadb/${to}.moving`,
      )
    await mark('whole', 'copy', 'another')
    expect((await run(['rename', fresh, old])).results).toEqual(['failed unchanged'])
    expect(await sql('show tables', 'whole')).toBe('left_over\n')
    await mark('whole', 'copy', 'half')
    expect((await run(['rename', fresh, old])).results).toEqual(['ok changed'])
    expect(await sql('show tables', 'whole')).toBe('kinds\nnamed\nthings\n')
    await run(['save', row('half')])
    await sql(everything, 'half')
    await sql('create database third; rename table half.kinds to third.kinds')
    await mark('third', 'rename', 'half')
    expect((await run(['rename', row('third'), row('half')])).results).toEqual(['ok changed'])
    expect(await sql('show tables', 'third')).toBe('kinds\nthings\n')
  })

  test('a database travels with all that is in it, and is the same there', async () => {
    const [old, fresh] = [row('there'), row('arrived', { name: 'arriver', password: 'r' })]
    await run(['save', old], ['save', fresh])
    await sql(everything + code, 'there')
    const { transfer } = backend
    const dump = transfer?.dump(old as never).rendered.reveal()
    const restore = transfer?.restore(fresh as never).rendered.reveal()
    for (const _ of ['once', 'and again'])
      await host.must(`set -o pipefail; (set -eu; ${dump}) | (set -eu -o pipefail; ${restore})`)
    const original = await must(host, transfer?.verify?.original(old as never))
    expect(original).toMatch(/^kinds\t\d+\nthings\t\d+\nview\tnamed\ntrigger\tfilled\nprocedure\tanswer\n$/)
    expect(await must(host, transfer?.verify?.restored(fresh as never))).toBe(original)
    expect(await must(host, backend.list)).not.toContain('orchestra_incoming')
    await sql('update things set kind = 1', 'there')
    expect(await must(host, transfer?.verify?.original(old as never))).not.toBe(original)
    await must(host, transfer?.switch(fresh as never))
    await must(host, transfer?.switch(fresh as never))
    expect(await must(host, transfer?.verify?.original(fresh as never))).toBe(original)
    expect((await as('arriver', 'r', 'arrived', 'select count(*) from named')).stdout).toBe('2\n')
    expect((await run(['save', fresh])).results).toEqual(['ok unchanged'])
  })

  test('SQL of a server that somebody took over runs no program, reads no file, and gives no rights', async () => {
    const victim = row('victim')
    const moved = row('moved_in', { name: 'moved_user', password: 'm' })
    await run(['save', victim], ['save', moved])
    await sql('create table secrets (id int)', 'victim')
    const restore = strict(backend.transfer?.restore(moved))
    for (const [attack, reason] of [
      ['\\! touch /tmp/owned\n', /sandbox/i],
      ['system touch /tmp/owned\n', /sandbox|syntax/i],
      ['source /etc/passwd\n', /sandbox|syntax/i],
      ['drop database victim;\n', /denied/i],
      ['create table victim.t (id int);\n', /denied/i],
      ['grant all on *.* to moved_user@localhost;\n', /denied/i],
      ['create definer=root@localhost procedure p() grant all on *.* to moved_user@localhost;\n', /denied/i],
      [
        `create table t (line text); load data local infile '/etc/shadow' into table t;\n`,
        /local|not allowed/i,
      ],
      [`create table t (line text); load data infile '/etc/shadow' into table t;\n`, /denied/i],
      [`select 1 into outfile '/tmp/owned';\n`, /denied/i],
      ['set global sql_mode = default;\n', /denied/i],
    ] as const) {
      const { code, stderr } = await host.exec(restore, { input: attack })
      expect([attack, code !== 0, reason.test(stderr)], stderr).toEqual([attack, true, true])
    }
    expect((await host.exec('ls /tmp/owned')).code).not.toBe(0)
    expect(await sql('show tables', 'victim')).toBe('secrets\n')
    await run(['delete', moved])
    expect(await sql(`select count(*) from mysql.user where user like 'orchestra%'`)).toBe('0\n')
  })

  test('views and procedures that moved belong to an account of the database', async () => {
    const moved = row('with_code', { name: 'code_user', password: 'c' })
    await run(['save', moved])
    await sql(everything + code, 'with_code')
    const sent = await host.must(`(${strict(backend.transfer?.dump(moved))}) >/tmp/sent`)
    expect(sent).toBe('')
    await sql('drop database with_code; create database with_code')
    await host.must(`(${strict(backend.transfer?.restore(moved))}) </tmp/sent`)
    await host.must(strict(backend.transfer?.switch(moved)))
    expect(
      await sql(`select definer from information_schema.views where table_schema = 'with_code'
union all select definer from information_schema.triggers where trigger_schema = 'with_code'
union all select definer from information_schema.routines where routine_schema = 'with_code'`),
    ).toBe('code_user@localhost\n'.repeat(3))
    expect(await sql(`select count(*) from mysql.user where user like 'orchestra%'`)).toBe('0\n')
    await run(['delete', moved])
  })

  test.each(['deleted', 'renamed'])(
    'a %s database leaves nothing of a move that was under way to it',
    async (how) => {
      const [old, fresh, later] = [row(`stays_${how}`), row('given_up'), row('called_otherwise')]
      await run(['save', old], ['save', fresh])
      await sql(everything + code, `stays_${how}`)
      const { transfer } = backend
      const dump = transfer?.dump(old as never).rendered.reveal()
      const restore = transfer?.restore(fresh as never).rendered.reveal()
      await host.must(`set -o pipefail; (set -eu; ${dump}) | (set -eu -o pipefail; ${restore})`)
      await host.must(
        'mkdir -p /var/lib/orchestra/mariadb; echo rename > /var/lib/orchestra/mariadb/given_up.moving',
      )
      expect(await sql('show databases')).toContain('orchestra_incoming')
      const ends = () => (how === 'deleted' ? run(['delete', fresh]) : run(['rename', later, fresh]))
      expect((await ends()).results).toEqual(['ok changed'])
      expect(await sql('show databases')).not.toMatch(/orchestra_incoming|given_up/)
      expect(await host.must('find /var/lib/orchestra/mariadb -type f')).toBe('')
      expect((await ends()).results).toEqual(['ok unchanged'])
    },
  )

  test('databases are listed without those of the server, and one of which only the name is known goes alone', async () => {
    await run(['save', row('trap')], ['save', row('trap_two')], ['save', row('trapXtwo')])
    const names = (await must(host, backend.list)).trim().split('\n')
    expect(names).toEqual(expect.arrayContaining(['trap', 'trap_two', 'trapXtwo']))
    for (const name of ['mysql', 'sys', 'information_schema', 'performance_schema'])
      expect(names).not.toContain(name)
    expect((await run(['prune', 'trap_two'])).results).toEqual(['ok changed'])
    expect((await must(host, backend.list)).trim().split('\n')).toEqual(
      names.filter((name) => name !== 'trap_two'),
    )
    expect((await run(['prune', 'trap_two'])).results).toEqual(['ok unchanged'])
    expect((await run(['prune', 'mysql'])).results[0]).toContain('the server lives by it')
  })

  test('names that the server lives by, and names that are SQL, are refused by their field', async () => {
    const rows = [
      row('mysql'),
      row('a`; drop database mysql; --'),
      row('fine', { name: 'root', password: 'x' }),
      row('fine', { name: `x'@'%`, password: 'x' }),
      row('fine', { name: 'x', password: 'x' }, { name: 'x', host: 'LOCALHOST', password: 'y' }),
    ]
    const { results } = await run(...rows.map((one): Wanted => ['save', one]))
    expect(results.map((result) => /object: ([\w.]+)/.exec(result)?.[1])).toEqual([
      'name',
      'name',
      'users.0.name',
      'users.0.name',
      'users',
    ])
  })

  test('an account goes by its host in small letters, as the server has it: in capitals it is no other', async () => {
    const cap = row('cap_shop', { name: 'cap', host: 'LocalHost', password: 'first' })
    expect((await run(['save', cap])).results).toEqual(['ok changed'])
    expect((await run(['save', cap])).results).toEqual(['ok unchanged'])
    expect(await sql(`select host from mysql.user where user = 'cap'`)).toBe('localhost\n')
    const [claim] = claimsOf(recordOperation(backend, 'save', cap as never))
    expect(claim).toMatchObject({ kind: 'thing', name: `user 'cap'@'localhost'` })
  })

  test('where the server takes capitals for small letters, a name in capitals is there, and leaves no grants', async () => {
    const file = '/etc/mysql/mariadb.conf.d/99-small.cnf'
    await sql('create database theirs')
    const isThere = (name: string) => host.exec(strict(backend.exists?.(name))).then(({ code }) => code === 0)
    expect([await isThere('theirs'), await isThere('THEIRS')]).toEqual([true, false])
    await host.must(`printf '[mysqld]\nlower_case_table_names=1\n' >${file}; systemctl restart mariadb`)
    expect([await isThere('THEIRS'), await isThere('OTHERS')]).toEqual([true, false])
    const big = row('Big_Shop', { name: 'big', password: 'b' })
    await run(['save', big])
    await run(['delete', big])
    expect(await sql(`select count(*) from mysql.db where user = 'big'`)).toBe('0\n')
    await host.must(`rm ${file}; systemctl restart mariadb`)
  })

  test('nothing is taken for gone while the server does not answer', async () => {
    await run(['save', row('steady')])
    await host.must('systemctl stop mariadb.socket mariadb.service')
    const { results } = await run(['delete', row('steady')], ['rename', row('moved'), row('steady')])
    expect(results).toEqual(['failed unchanged', 'failed unchanged'])
    await host.must('systemctl start mariadb')
    expect(await must(host, backend.list)).toContain('steady\n')
  })

  test('nothing is taken for gone when the server answers and a query fails', async () => {
    await run(['save', row('firm')])
    const failing = `#!/bin/bash
      [[ $* != *information_schema.schemata* ]] || exit 1
      exec /usr/bin/mariadb "$@"`
    await host.must('cat >/usr/local/bin/mariadb; chmod +x /usr/local/bin/mariadb', { input: failing })
    const { results } = await run(['delete', row('firm')], ['rename', row('moved'), row('firm')])
    await host.must('rm /usr/local/bin/mariadb')
    expect(results).toEqual(['failed unchanged', 'failed unchanged'])
    expect(await must(host, backend.list)).toContain('firm\n')
    expect((await pipeline.trash(host)).map(({ note }) => note)).not.toContain('database firm')
  })
})
