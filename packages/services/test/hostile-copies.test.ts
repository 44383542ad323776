import { randomUUID } from 'node:crypto'
import { type Command, secret, sh } from 'orchestrajs'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { describeLab } from '../../../lab/describe-lab.ts'
import { type Lab, type LabHost, startLab } from '../../../lab/index.ts'
import { bootstrap, endLine } from '../../orchestra/src/script/bootstrap.ts'
import { renderAbsorb } from '../../orchestra/src/script/transfer.ts'
import { load } from '../src/mariadb-database/client.ts'
import { databaseSchema, defaultsOf, incomingName } from '../src/mariadb-database/database.ts'
import { dumpDespiteViews } from '../src/mariadb-database/dump.ts'
import { restoreIncoming, switchIncoming } from '../src/mariadb-database/incoming.ts'
import { moveDatabase } from '../src/mariadb-database/move.ts'
import { query } from '../src/mariadb-database/sql.ts'
import { checkUser } from '../src/unix-user/account.ts'
import { restoreHome } from '../src/unix-user/transfer.ts'

const incoming = '/home/iris.orchestra-incoming'
const user = checkUser({ name: 'iris' })
const database = databaseSchema.parse({ name: 'shop', users: [{ name: 'iris', password: secret('p', 'x') }] })

describeLab('what a server that was taken over sends', () => {
  let lab: Lab
  let host: LabHost

  beforeAll(async () => {
    lab = await startLab({ hosts: ['next'] })
    host = lab.host('next')
    await host.must(`systemctl start mariadb; useradd -m iris; useradd -m neighbour; chmod 711 /home/iris
echo theirs >/home/neighbour/file; chown neighbour: /home/neighbour/file; echo canary >/etc/canary; ln -s /etc /srv/etc
mariadb -e "create database other; create table other.t (x int); insert into other.t values (1)"`)
  }, 600_000)

  afterAll(() => lab?.stop(), 60_000)

  beforeEach(() => host.must('touch /root/stamp; sleep 0.05'))

  /** Gives a command what a command of the host prints, as a transfer does. */
  async function absorb(command: Command, data: string): Promise<number> {
    const one = { transferId: 1, attempt: ++attempts, side: 'to', runId: randomUUID() } as const
    const { text } = renderAbsorb(one, command, { bytes: 64 * 2 ** 20, free: 2 ** 20 })
    await host.must('cat >/root/script', { input: text })
    await host.must(`{ ${data}
} >/root/data || true`)
    const words = [bootstrap, endLine(one.runId)]
      .map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
      .join(' ')
    const { code } = await host.exec(
      `cd /; { cat /root/script; stat -c %s /root/data; cat /root/data; echo end; } | timeout 60 bash --noprofile --norc -c ${words} '' "$(stat -c %s /root/script)"`,
    )
    return code
  }
  let attempts = 0

  /** What changed outside of the place of the copy, and what is in there that no copy may have. */
  const harm = () =>
    host.must(`find /etc /usr /home /srv /var/tmp /tmp /root /opt -xdev -newercm /root/stamp ! -type d \
  ! -path '${incoming}/*' ! -path '/root/*' -print
find ${incoming} -mindepth 1 \\( ! -user iris -o ! -group iris -o -type b -o -type c -o -type f -perm /6000 \\) ! -path ${incoming}/home/x -print
getcap -r ${incoming} 2>/dev/null; find ${incoming} -type f -links +1 -exec stat -c '%h %n' {} + | grep -v same || true
cat /etc/canary /home/neighbour/file; stat -c '%U %a' /etc/canary /home/neighbour/file /etc/shadow`)
  const unharmed = 'canary\ntheirs\nroot 644\nneighbour 644\nroot 640\n'

  const archive = (lines: string, then = '') => `python3 - <<'END' ${then}
import tarfile, io, sys
out = tarfile.open(fileobj=sys.stdout.buffer, mode='w|', format=tarfile.PAX_FORMAT)
def add(name, kind=tarfile.REGTYPE, data=b'x', **more):
    one = tarfile.TarInfo(name); one.type = kind; one.size = len(data) if kind == tarfile.REGTYPE else 0; one.mode = 0o644
    for key, value in more.items(): setattr(one, key, value)
    out.addfile(one, io.BytesIO(data))
LNK, SYM, CHR, BLK, FIFO, DIR = tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE
${lines}
out.close()
END`

  test.each([
    ['absolute names', `add('/etc/canary'); add('/etc/evil'); add('//etc/evil2')`],
    [
      'names with ..',
      `add('../evil'); add('a/../../evil'); add('../../neighbour/file'); add('..', DIR, mode=0o777)`,
    ],
    [
      'hard links to files outside',
      `add('a', LNK, linkname='/etc/shadow'); add('b', LNK, linkname='../../../etc/canary'); add('b', data=b'evil')`,
    ],
    [
      'a link, and a file through it',
      `add('d', SYM, linkname='/etc'); add('d/evil'); add('d/canary', data=b'evil')`,
    ],
    [
      'a link in place of a directory',
      `add('d', DIR); add('d/x'); add('d', SYM, linkname='/home/neighbour'); add('d/file', data=b'evil')`,
    ],
    [
      'a link, and a directory of its name',
      `add('d', SYM, linkname='/srv/etc'); add('d', DIR, mode=0o777); add('d/canary', data=b'evil')`,
    ],
    ['a link to a file, and that file', `add('f', SYM, linkname='/etc/canary'); add('f', data=b'evil')`],
    [
      'hard links to a link',
      `add('s', SYM, linkname='/etc/canary'); add('h', LNK, linkname='s'); add('h', data=b'evil')`,
    ],
    ['the place itself as a link', `add('.', SYM, linkname='/etc'); add('./evil')`],
    [
      'devices',
      `add('null', CHR, devmajor=1, devminor=3, mode=0o666); add('sda', BLK, devmajor=8, devminor=0)`,
    ],
    [
      'set-id programs of root',
      `add('sh', uid=0, gid=0, mode=0o6755); add('sg', mode=0o2755, uname='root', gname='shadow'); add('dir', DIR, mode=0o7777)`,
    ],
    [
      'owners in pax headers',
      `add('o', pax_headers={'uid': '0', 'gid': '42', 'uname': 'root', 'gname': 'shadow'}, mode=0o4755)`,
    ],
    [
      'a name in a pax header',
      `add('p', pax_headers={'path': '/etc/evil'}); add('q', pax_headers={'path': '../../evil', 'linkpath': '/etc/canary'})`,
    ],
    [
      'capabilities and lists of rights',
      `add('c', mode=0o755, pax_headers={'SCHILY.xattr.security.capability': '\\x01\\x00\\x00\\x02\\x00\\x04', 'SCHILY.acl.access': 'user::rwx,user:neighbour:rwx,group::r-x,mask::rwx,other::r-x', 'SCHILY.xattr.trusted.x': 'y', 'SCHILY.xattr.system.posix_acl_access': 'z'})`,
    ],
    [
      'a file of petabytes',
      `add('hole', pax_headers={'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': 'hole', 'GNU.sparse.realsize': str(2**52)}, data=b'1\\n0\\n0\\n'.ljust(512, b'\\0'))`,
    ],
    ['a size that is not so', `add('s', pax_headers={'size': str(2**60)})`],
    ['a name of a megabyte', `add('n/' * 500000)`],
    [
      'names of options',
      `add('--checkpoint-action=exec=touch /etc/evil'); add('--checkpoint=1'); add('-rf'); add('a\\n/etc/evil'); add('same1'); add('same2', LNK, linkname='same1')`,
    ],
  ])('a home with %s changes nothing outside of it', async (_, lines) => {
    await absorb(restoreHome(user), archive(lines))
    expect(await harm()).toBe(unharmed)
  })

  test.each([
    ['ends early', archive(`add('a', data=b'x' * 100000)`, '| head -c 50000')],
    ['is none', 'head -c 100000 /dev/urandom'],
    ['is compressed', archive(`add('a')`, '| gzip')],
    ['is empty', 'true'],
  ])('a home whose archive %s is not taken for whole', async (_, data) => {
    expect(await absorb(restoreHome(user), data)).not.toBe(0)
    expect(await harm()).toBe(unharmed)
  })

  test('a home with a hundred thousand files and a fifo arrives', async () => {
    const lines = `for i in range(100000): add('f%d' % i, data=b'')\nadd('pipe', FIFO)`
    expect(await absorb(restoreHome(user), archive(lines))).toBe(0)
    expect(await host.must(`ls ${incoming}/home | wc -l`)).toBe('100001\n')
  }, 60_000)

  const state = () =>
    host.must(`mariadb -N -e "select x from other.t; select user, host from mysql.user order by 1, 2;
show grants for iris@localhost; select @@max_connections, @@event_scheduler, @@general_log; show databases"
ls /tmp/pwned /etc/evil /var/lib/mysql/*/evil* /var/tmp/pwned 2>/dev/null || true`)

  test.each([
    'create table t (x int);',
    '\\! touch /tmp/pwned',
    'system touch /tmp/pwned',
    '/*!99999 */ \\! touch /tmp/pwned',
    'create table a (x int); \\! touch /tmp/pwned',
    'delimiter //\n\\! touch /tmp/pwned\n//',
    'source /root/evil.sql',
    '\\. /root/evil.sql',
    'tee /tmp/pwned\nselect 1;',
    '\\T /tmp/pwned\nselect 1;',
    'pager touch /tmp/pwned\nselect 1;',
    '\\P touch /tmp/pwned\nselect 1;',
    'edit',
    'connect other\ninsert into t values (2);',
    '\\u other\ninsert into t values (2);',
    'use other;\ninsert into t values (2);',
    'insert into other.t values (2);',
    'drop database other;',
    'create table l (x text);\nload data local infile "/etc/shadow" into table l;',
    'create table l (x text);\nload data infile "/etc/passwd" into table l;',
    'select "evil" into outfile "/tmp/pwned";',
    'select load_file("/etc/passwd") into dumpfile "/var/tmp/pwned";',
    'create user evil identified by "x";',
    'grant all on *.* to iris@localhost;',
    'set global max_connections = 7;',
    'set global general_log = 1;',
    'set password for root@localhost = password("x");',
    'shutdown;',
    'flush privileges; kill 1;',
    'install soname "ha_archive";',
    'create function f returns string soname "evil.so";',
    'create table t (x int);\ncreate definer=root@localhost trigger tr before insert on t for each row insert into other.t values (3);\ninsert into t values (1);',
    'create definer=root@localhost event e on schedule every 1 second do insert into other.t values (3);',
    'create definer=root@localhost procedure p() sql security definer drop table other.t;\ncall p();',
    'create definer=root@localhost sql security definer view v as select * from mysql.global_priv;',
    'create table x (x int) engine=csv data directory="/tmp";',
    'create table c (x int) engine=connect table_type=dos file_name="/etc/passwd";',
    'create server s foreign data wrapper mysql options (host "127.0.0.1");',
    'set role evil; set session sql_log_bin = 0; insert into other.t values (5);',
    'begin not atomic execute immediate concat("insert into other", ".t values (9)"); end;',
  ])('a database with `%s` changes nothing beside it', async (dump) => {
    await host.must(`echo 'insert into other.t values (4);' >/root/evil.sql; cat >/root/dump`, {
      input: `${dump}\n`,
    })
    await host.must(`mariadb -e "create user if not exists iris@localhost"`)
    const before = await state()
    const code = await absorb(restoreIncoming(database), 'cat /root/dump')
    const made = incomingName('shop')
    const without = (text: string) => text.replaceAll(`${made}\n`, '').replaceAll(`${made}\tlocalhost\n`, '')
    expect(without(await state())).toBe(without(before))
    if (code !== 0) return
    await absorb(switchIncoming(database), 'true')
    expect(without(await state()).replace('shop\n', '')).toBe(without(before))
    await host.must('mariadb -e "drop database if exists shop"; rm -f /var/lib/orchestra/mariadb/*.moving')
  })

  const hidden = ';; insert into other.t values (7);; select ('
  test.each([
    [
      'a comment that its client does not know',
      `create procedure p() select 1 --\x01 '\n -- '${hidden}\n + 1 $$`,
    ],
    ['a comment in its parameters', `create procedure p(--\x01 '\n -- '${hidden}\n x int) select 1 $$`],
    [
      'a comment of a trigger',
      `create trigger tr --\x01 '\n -- '${hidden}\n before insert on t for each row set @x = 1 $$`,
    ],
    [
      'a comment of an event',
      `create event e on schedule every 1 day do select 1 --\x01 '\n -- '${hidden}\n + 1 $$`,
    ],
    [
      'a word of its client',
      'create procedure p() begin select 1 from t delimiter join t join_; insert into other.t values (7); end $$',
    ],
  ])(
    'a database that hides a statement in %s changes nothing beside it when it is put in place',
    async (_, dump) => {
      const sql = `create table t (x int);\ndelimiter $$\n${dump}\n`
      await host.must('cat >/root/dump; mariadb -e "create user if not exists iris@localhost"', {
        input: sql,
      })
      await absorb(restoreIncoming(database), 'cat /root/dump')
      expect(await absorb(switchIncoming(database), 'true')).not.toBe(0)
      expect(await host.must('mariadb -N -e "select x from other.t"')).toBe('1\n')
      await host.must('mariadb -e "drop database if exists shop"; rm -f /var/lib/orchestra/mariadb/*.moving')
    },
  )

  test('a database whose customer hides a statement is not renamed, and its dump in the trash loads without it', async () => {
    const evil =
      'create procedure p() begin select 1 from t delimiter join t join_; insert into other.t values (7); end $$'
    await host.must(
      'mariadb -e "create database held; create user held@localhost; grant all on held.* to held@localhost"',
    )
    await host.must('mariadb -u held held', { input: `create table t (x int);\ndelimiter $$\n${evil}\n` })
    expect(await absorb(moveDatabase('held', 'renamed', defaultsOf(database)), 'true')).not.toBe(0)
    const trashed = sh`{
${dumpDespiteViews('held')}
} >/root/held.sql
${query('create database loaded')}
${load('loaded')} </root/held.sql`
    expect(await absorb(trashed, 'true')).toBe(0)
    expect(await host.must('mariadb -N -e "select x from other.t; show tables from loaded"')).toBe('1\nt\n')
    expect(await host.must('grep -c "^-- .*delimiter join" /root/held.sql')).toBe('1\n')
  })

  test.each([
    ['binary garbage', 'head -c 3000000 /dev/urandom'],
    ['a statement that does not end', `printf 'select "'; head -c 3000000 /dev/zero | tr '\\0' x`],
  ])('a database that is %s is not taken for one', async (_, data) => {
    const before = await state()
    const code = await absorb(restoreIncoming(database), data)
    expect(code).not.toBe(0)
    expect((await state()).split('\n').filter((line) => !line.includes('orchestra_incoming'))).toEqual(
      before.split('\n').filter((line) => !line.includes('orchestra_incoming')),
    )
  })
})
