import { join } from 'node:path'
import type { ServerRow } from 'orchestrajs'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest'
import { describeLab } from '../../../lab/describe-lab.ts'
import type { LabHost } from '../../../lab/index.ts'
import { retry } from '../../orchestra/src/manager/index.ts'
import { createMethods } from '../../orchestra/src/methods/index.ts'
import type { Store } from '../../orchestra/src/store/index.ts'
import { listTransfers } from '../../orchestra/src/transfer/index.ts'
import { listTrash } from '../../orchestra/src/trash/index.ts'
import { type LabWorld, startLabWorld } from '../../orchestra/test/support/lab-world.ts'
import { untilWithin } from '../../orchestra/test/support/processes.ts'
import { startWorker } from '../../orchestra/test/support/worker-process.ts'
import type { World } from '../../orchestra/test/support/world.ts'
import { moveOptions, tables } from './move-config.ts'

const by = 'test'
const program = join(import.meta.dirname, 'move-worker.ts')
/** Slow enough for a copy to be in its middle for seconds. */
const slowly = { bytesPerSecond: 1_500_000 }
const until = (what: string, holds: () => boolean | Promise<boolean>) => untilWithin(30_000, what, holds)

describeLab('data that moves between real hosts', () => {
  const methods = createMethods()
  let here: LabWorld
  let store: Store
  let world: World
  let left: LabHost
  let right: LabHost

  beforeAll(async () => {
    here = await startLabWorld({ hosts: ['left', 'right'] }, { tables, ...moveOptions })
    ;({ store, world } = here)
    left = here.lab.host('left')
    right = here.lab.host('right')
    for (const host of [left, right]) await prepare(host)
    await world.work()
  }, 600_000)

  afterAll(async () => {
    await methods.close()
    await here?.close()
  }, 60_000)

  afterEach(() => expect(world.errors).toEqual([]))

  async function prepare(host: LabHost): Promise<void> {
    // The same accounts get other numbers on the other host.
    await host.must(`useradd -u ${host.name === 'left' ? 3001 : 4001} neighbour; systemctl start mariadb`)
    await world.route('unix-user', host.name, `account.place == "${host.name}"`)
    await world.route('mariadb-database', host.name, `shop.place == "${host.name}"`)
  }

  /** An account with a home on the left host, with something in it. */
  async function account(id: number, login: string, content: string): Promise<string> {
    await store.query(`insert into account values ($1, $2, 'left')`, [id, login])
    await world.calm()
    await left.must(`cd /home/${login}\n${content}`)
    return listing(left, `/home/${login}`)
  }

  /** A database on the left host, with something in it. */
  async function shop(id: number, name: string, owner: string, content: string): Promise<void> {
    await store.query(`insert into shop values ($1, $2, $3, $4, 'left')`, [id, name, owner, password])
    await world.calm()
    await sql(left, content, name)
  }

  const change = (table: 'account' | 'shop', id: number, change: string) =>
    store.query(`update ${table} set ${change} where id = ${id}`)

  const calm = () => world.calm(90_000)

  /** Waits until a copy has begun to arrive. */
  async function copying(object: string): Promise<void> {
    await until(`the copy of ${object} is in its middle`, async () => {
      const [transfer] = await listTransfers(store, { limit: 1, object })
      return transfer?.step === 'copy' && transfer.running && transfer.bytes > 0
    })
  }

  /** Waits until a copy has failed. */
  async function interrupted(object: string): Promise<void> {
    await until(`it is noticed that the copy of ${object} broke off`, async () => {
      const [transfer] = await listTransfers(store, { limit: 1, object })
      return transfer !== undefined && transfer.error !== null
    })
  }

  async function places(model: string, id: number): Promise<string[]> {
    const rows = await store.query<{ place: string }>(
      `select s.name || ' ' || p.identity || ' ' || p.state as place from orchestra.placement p
       join orchestra.server s on s.id = p.server_id where p.model = $1 and p.object_key = $2 order by 1`,
      [model, String(id)],
    )
    return rows.map(({ place }) => place)
  }

  const transfersOf = (model: string, id: number) =>
    store.query<{ step: string; outcome: string; attempt: number }>(
      `select step, outcome, attempt from orchestra.transfer where model = $1 and object_key = $2 order by id`,
      [model, String(id)],
    )

  async function trashOf(host: LabHost): Promise<string[]> {
    const [row] = await store.query<ServerRow>('select * from orchestra.server where name = $1', [host.name])
    if (row === undefined) throw new Error(`no server ${host.name}`)
    return (await listTrash({ config: world.config, methods }, row)).map(({ note }) => note)
  }

  test('a home arrives with modes, links, holes, times and odd names as the account’s own, and the old is in the trash', async () => {
    const before = await account(1, 'ada', oddHome)
    await change('account', 1, `place = 'right'`)
    await calm()
    expect(await listing(right, '/home/ada')).toBe(arrived(before, 'ada'))
    expect(before).toContain('regular ')
    expect(before).toContain(' c 666 root root')
    expect(await right.must('stat -c "%U %u %A" /home/ada; stat -c %b /home/ada/hole')).toMatch(
      /^ada 4002 drwx------\n\d{1,2}\n$/,
    )
    expect(await right.must('ls -d /home/ada*')).toBe('/home/ada\n')
    expect((await left.exec('id ada')).code).not.toBe(0)
    expect((await left.exec('ls -d /home/ada*')).stdout).toBe('')
    expect(await trashOf(left)).toContain('home of ada')
    expect(await left.must(`cat /var/lib/orchestra/trash/unix-user/*/data/'sub dir/plain'`)).toBe('regular\n')
    expect(await places('account', 1)).toEqual(['right ada applied'])
    expect(await transfersOf('account', 1)).toEqual([{ step: 'done', outcome: 'success', attempt: 1 }])
  })

  test('a database arrives with all that is in it, and its users log in with the same password', async () => {
    await shop(1, 'first_shop', 'owner1', everything)
    const before = await sql(left, readAll, 'first_shop')
    await change('shop', 1, `place = 'right'`)
    await calm()
    expect(await sql(right, readAll, 'first_shop')).toBe(definedBy(before, 'owner1'))
    expect(before).toContain('F09FA684')
    for (const user of ['owner1', 'owner1_reads'])
      expect(await as(right, user, 'first_shop', 'select count(*) from goods')).toMatchObject({
        stdout: '3\n',
      })
    expect((await as(right, 'owner1_reads', 'first_shop', 'delete from goods')).code).not.toBe(0)
    expect(
      await as(
        right,
        'owner1',
        'first_shop',
        'insert into goods (id) values (9); select label from goods where id = 9; call answer()',
      ),
    ).toMatchObject({ code: 0, stdout: 'none\n42\n' })
    expect(await databases(left)).not.toContain('first_shop')
    expect(await databases(right)).not.toContain('orchestra')
    expect(await sql(left, `select count(*) from mysql.user where user like 'owner1%'`)).toBe('0\n')
    expect(await trashOf(left)).toContain('database first_shop')
    expect(await left.must('cat /var/lib/orchestra/trash/mariadb-database/*/data')).toContain('🦄')
    expect(await places('shop', 1)).toEqual(['right first_shop applied'])
  })

  for (const cut of ['right', 'left'] as const)
    test(`a copy goes on when the network of the ${cut} host was lost`, { timeout: 120_000 }, async () => {
      const [id, login, name] =
        cut === 'right' ? ([2, 'bea', 'shop_two'] as const) : ([3, 'cleo', 'shop_three'] as const)
      const before = await account(id, login, randomFile(login))
      await shop(id, name, login, everything + bulk)
      const rows = await sql(left, readAll, name)
      await left.slow(slowly)
      await change('account', id, `place = 'right'`)
      await change('shop', id, `place = 'right'`)
      await copying(`account:${id}`)
      await copying(`shop:${id}`)
      await here.lab.host(cut).cutOff()
      await interrupted(`account:${id}`)
      await interrupted(`shop:${id}`)
      expect(await listing(left, `/home/${login}`)).toBe(before)
      await left.fullSpeed()
      await here.lab.host(cut).reconnect()
      await calm()
      expect(await listing(right, `/home/${login}`)).toBe(before)
      expect(await sql(right, readAll, name)).toBe(definedBy(rows, login))
      expect(await left.must('ls /home')).not.toContain(login)
      expect(await databases(left)).not.toContain(name)
      expect(await databases(right)).not.toContain('orchestra')
      expect(await right.must('ls -A /home')).not.toContain('orchestra')
    })

  test('a copy goes on when its worker was killed', { timeout: 120_000 }, async () => {
    await world.stopWorkers()
    const first = await startWorker(world, program)
    onTestFinished(() => first.kill())
    const before = await account(4, 'dora', randomFile('dora'))
    await left.slow(slowly)
    await change('account', 4, `place = 'right'`)
    await copying('account:4')
    await first.kill()
    await world.work()
    await left.fullSpeed()
    await calm()
    expect(await listing(right, '/home/dora')).toBe(before)
    expect(await transfersOf('account', 4)).toMatchObject([{ outcome: 'success', attempt: 2 }])
    expect(await left.must('ls /home')).not.toContain('dora')
  })

  for (const [when, id, login, name] of [
    ['while it is copied', 5, 'eve', 'shop_five'],
    ['while the other host is cut off', 6, 'finn', 'shop_six'],
  ] as const)
    test(`what goes back ${when} has all its data, and nothing of it stays on the other host`, async () => {
      const before = await account(id, login, randomFile(login))
      await shop(id, name, login, everything + bulk)
      const rows = await sql(left, readAll, name)
      await left.slow(slowly)
      await change('account', id, `place = 'right'`)
      await change('shop', id, `place = 'right'`)
      await copying(`account:${id}`)
      await copying(`shop:${id}`)
      if (when !== 'while it is copied') await right.cutOff()
      await change('account', id, `place = 'left'`)
      await change('shop', id, `place = 'left'`)
      await until('the way back is decided', async () => (await listTransfers(store)).length === 0)
      await left.fullSpeed()
      await right.reconnect()
      await calm()
      expect(await listing(left, `/home/${login}`)).toBe(before)
      expect(await sql(left, readAll, name)).toBe(rows)
      expect((await as(left, login, name, 'select 1')).code).toBe(0)
      expect(await right.must('ls -A /home; getent passwd')).not.toContain(login)
      expect(await databases(right)).not.toContain(name)
      expect(await databases(right)).not.toContain('orchestra')
      expect(await sql(right, `select count(*) from mysql.user where user like '${login}%'`)).toBe('0\n')
      expect(await places('account', id)).toEqual([`left ${login} applied`])
      expect(await places('shop', id)).toEqual([`left ${name} applied`])
    })

  test('a server that sends an archive without an end costs the other no more than its room for copies', {
    timeout: 120_000,
  }, async () => {
    const before = await account(8, 'hugo', 'echo mine >file; chown hugo: file')
    await left.must(`mkdir /var/tmp/evil; truncate -s 100G /var/tmp/evil/big; chmod 755 /var/tmp/evil
cat >/usr/local/bin/tar <<'END'
#!/bin/bash
if [[ " $* " == *" --create "* ]]; then cd /var/tmp/evil; exec /usr/bin/tar --create -f - .; fi
exec /usr/bin/tar "$@"
END
chmod 755 /usr/local/bin/tar`)
    const free = async () => Number(await right.must('stat -f -c %a /'))
    const room = await free()
    await change('account', 8, `place = 'right'`)
    await interrupted('account:8')
    const [stopped] = await listTransfers(store, { limit: 1, object: 'account:8' })
    expect(stopped?.error).toMatch(
      /^ORC_COPY_LIMIT: the copy was ended because the new server has too little room/,
    )
    expect(stopped?.error).toContain('bytes left')
    expect(Date.parse(stopped?.nextTry ?? '')).toBeGreaterThan(Date.now() + 20 * 60_000)
    expect(await free()).toBeGreaterThan(room * 0.9)
    expect(await right.must('ls -A /home/hugo* | grep big || true')).toBe('')
    await left.must('rm -r /usr/local/bin/tar /var/tmp/evil')
    await retry(store, { kind: 'object', model: 'account', key: '8' }, by)
    await calm()
    expect(await listing(right, '/home/hugo')).toBe(before)
  })

  test('a name and a place that change at once take the data along', async () => {
    const before = await account(7, 'gwen', oddHome)
    await shop(7, 'shop_seven', 'gwen', everything)
    const rows = await sql(left, readAll, 'shop_seven')
    await change('account', 7, `login = 'gloria', place = 'right'`)
    await change('shop', 7, `name = 'seventh_shop', owner = 'gloria', place = 'right'`)
    await calm()
    expect(await listing(right, '/home/gloria')).toBe(arrived(before, 'gloria'))
    expect(await sql(right, readAll, 'seventh_shop')).toBe(definedBy(rows, 'gloria'))
    expect((await as(right, 'gloria', 'seventh_shop', 'select 1')).code).toBe(0)
    for (const host of [left, right]) {
      expect(await host.must('ls -A /home; getent passwd')).not.toContain('gwen')
      expect(await databases(host)).not.toContain('shop_seven')
      expect(await sql(host, `select count(*) from mysql.user where user like 'gwen%'`)).toBe('0\n')
    }
    expect(await places('account', 7)).toEqual(['right gloria applied'])
    expect(await places('shop', 7)).toEqual(['right seventh_shop applied'])
  })
})

const password = `it's a "secret" \\ of ours`

/** Files of every kind with every kind of name, in a home that is the current directory. */
const oddHome = String.raw`
mkdir -p 'sub dir/deeper' empty sticky shared
echo regular > 'sub dir/plain'
for name in $'new\nline' $'quote\'s "two"' -rf 'back\slash' 'äöü ☃ 🦄' ' space ' '$(touch pwned)' '*' $'bad\xffbyte' "$(printf 'x%.0s' {1..255})"; do
  echo "content of $name" > "sub dir/deeper/$name"
done
ln 'sub dir/plain' hard; ln -s 'sub dir/plain' soft; ln -s /nowhere/at/all dangling; ln -s 'sub dir' todir
truncate -s 40M hole; echo end >> hole
cp /bin/true setuid; mkfifo pipe
echo secret > none; echo theirs > theirs; echo roots > roots; echo nobody > number
user=$(stat -c %U .)
chown -hR "$user:" .
chown neighbour: theirs; chown root:www-data roots; chown 5555:6666 number; chgrp www-data shared
cp /bin/true rootsh; chmod 6755 rootsh; mknod -m 666 null c 1 3; mknod -m 660 disk b 8 0
chmod 4755 setuid; chmod 2775 shared; chmod 1777 sticky; chmod 0000 none; chmod 700 .
touch -d 2001-02-03T04:05:06.789012345 'sub dir/plain' empty; touch -hd 1999-01-01 dangling; touch -d 2010-05-05 'sub dir/deeper' 'sub dir' .
`

/** More than a slow network takes at once. */
const randomFile = (login: string) => `head -c 12M /dev/urandom >big; chown ${login}: big`

/** Everything below a directory: kind, mode, owner, group, time, and for files links, size and digest, for links the target. */
function listing(host: LabHost, path: string): Promise<string> {
  return host.must(
    `cd ${path}; export LC_ALL=C
find . -printf '%P: %y %m %u %g %T@ %l\\0' -type f -printf '%P: regular %n %s\\0' | sort -z | tr '\\0\\n' '\\n?'
find . -type f -print0 | sort -z | xargs -0r sha256sum`,
  )
}

/** A listing as it is after a move: all is the account's, files have no set-id bits, and devices stay behind. */
function arrived(before: string, login: string): string {
  return before
    .split('\n')
    .filter((line) => !/: (c 666 |b 660 )/.test(line))
    .map((line) => line.replace(/: f [46](\d{3}) /, ': f $1 '))
    .map((line) => line.replace(/: ([dflp]) (\d+) \S+ \S+ (?=\d+\.)/, `: $1 $2 ${login} ${login} `))
    .join('\n')
}

/** What a dump shows after a move: views, triggers and events run with the rights of the database's own account. */
const definedBy = (rows: string, user: string) =>
  rows
    .replaceAll('root@localhost', `${user}@localhost`)
    .replaceAll('`root`@`localhost`', `\`${user}\`@\`localhost\``)

const everything = `
create table goods (id int primary key auto_increment, label varchar(80), body longblob, price decimal(10, 3),
  double_price decimal(12, 3) as (price * 2) stored, made timestamp default '2020-02-02 02:02:02', unique (label))
  character set utf8mb4;
create table parts (goods_id int, part int, primary key (goods_id, part), foreign key (goods_id) references goods (id) on delete cascade);
create table \`odd \`\`name\`\`.x\` (\`a b\` int) engine = MyISAM;
create table old_words (word varchar(20)) character set latin1;
insert into goods (id, label, body, price) values (1, '🦄 ünï', unhex('00FF0A0D1A5C2722'), 1.125), (2, 'it''s \\\\ "quoted"', null, null), (7, null, repeat('x', 100000), -3);
insert into parts values (1, 1), (1, 2), (7, 1);
insert into \`odd \`\`name\`\`.x\` values (1), (null);
insert into old_words values ('grüße');
create view priced as select id, label, price from goods where price is not null;
create trigger labelled before insert on goods for each row set new.label = coalesce(new.label, 'none');
create procedure answer() select 42;
create function doubled(x int) returns int deterministic return x * 2;
create event nightly on schedule every 1 day do delete from parts where part > 100;`

/** Some megabytes that no compression makes less. */
const bulk = `
create table bulk (id int primary key, body blob);
insert into bulk select seq, concat(${Array.from({ length: 128 }, () => 'unhex(sha2(rand(), 256))').join(', ')}) from seq_1_to_1200;`

const readAll = `
select id, hex(label), sha1(body), price, double_price, made from goods order by id;
select * from parts order by 1, 2;
select * from \`odd \`\`name\`\`.x\` order by 1;
select hex(word) from old_words;
select hex(label), price from priced order by id;
select doubled(21);
show create table goods; show create table parts; select trigger_name, action_statement, definer from information_schema.triggers where trigger_schema = database(); show create event nightly; show create view priced;`

function sql(host: LabHost, text: string, database = ''): Promise<string> {
  return host.must(`mariadb --default-character-set=utf8mb4 --batch --raw --skip-column-names ${database}`, {
    input: text,
  })
}

/** Runs SQL as a user of the database. */
function as(host: LabHost, user: string, database: string, text: string) {
  const word = `'${password.replaceAll("'", `'\\''`)}'`
  return host.exec(
    `MYSQL_PWD=${word} mariadb --batch --raw --skip-column-names -h 127.0.0.1 -u ${user} ${database}`,
    { input: text },
  )
}

const databases = (host: LabHost) => sql(host, 'show databases')
