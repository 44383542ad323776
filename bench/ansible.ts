import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isInstalled } from '../lab/tools.ts'
import { communicate, sshOptions } from './connections.ts'
import type { BenchHost } from './hosts.ts'
import { contentOf } from './project.ts'

/** Debian's Ansible, set up for one host; or the reason why it is not compared with. */
export type Ansible =
  | { kind: 'missing'; reason: string }
  | {
      kind: 'ready'
      version: string
      /** Writes one file. */
      copy(content: string): Promise<void>
      /** Writes as many files from one template, in a loop. */
      template(objects: number): Promise<void>
      close(): Promise<void>
    }

const copyOne = `
- hosts: all
  gather_facts: false
  tasks:
    - copy: { src: content, dest: "{{ directory }}/copied" }
`

const templateMany = `
- hosts: all
  gather_facts: false
  tasks:
    - file: { path: "{{ directory }}/templated", state: directory }
    - template: { src: page.j2, dest: "{{ directory }}/templated/{{ item }}" }
      loop: "{{ range(0, objects | int) | list }}"
`

/** Prepares the fastest usual way: no facts, pipelining, a control connection that persists. */
export async function prepareAnsible(host: BenchHost, progress: (line: string) => void): Promise<Ansible> {
  const reason = await install(progress)
  if (reason !== undefined) return { kind: 'missing', reason }
  const directory = await mkdtemp(join(tmpdir(), 'orchestra-bench-ansible-'))
  const { target } = host
  const options = await sshOptions(target, directory)
  const inventory = { ansible_host: target.host, ansible_port: target.port, ansible_user: target.user }
  const variables = {
    ...inventory,
    ansible_python_interpreter: '/usr/bin/python3',
    directory: target.directory,
  }
  await writeFile(join(directory, 'copy.yml'), copyOne)
  await writeFile(join(directory, 'template.yml'), templateMany)
  await writeFile(join(directory, 'page.j2'), contentOf('page {{ item }}'))
  await writeFile(
    join(directory, 'inventory.json'),
    JSON.stringify({ all: { hosts: { [target.name]: variables } } }),
  )
  const env = {
    ...process.env,
    ANSIBLE_HOME: directory,
    ANSIBLE_LOCALHOST_WARNING: 'false',
    ANSIBLE_PIPELINING: 'true',
    ANSIBLE_SSH_CONTROL_PATH_DIR: directory,
    ANSIBLE_SSH_ARGS: ['-o ControlMaster=auto -o ControlPersist=60s', ...options].join(' '),
  }
  const play = async (playbook: string, ...options: string[]) => {
    const args = ['-i', join(directory, 'inventory.json'), join(directory, playbook), ...options]
    await communicate('ansible-playbook', args, '', env)
  }
  return {
    kind: 'ready',
    version: (await communicate('ansible-playbook', ['--version'], '', env)).split('\n')[0] ?? '',
    copy: async (content) => {
      await writeFile(join(directory, 'content'), content)
      await play('copy.yml')
    },
    template: (objects) => play('template.yml', '-e', `objects=${objects}`),
    close: () => rm(directory, { recursive: true, force: true }),
  }
}

/** Installs it where that is possible; why it is not there, if it is not. */
async function install(progress: (line: string) => void): Promise<string | undefined> {
  if (isInstalled('ansible-playbook')) return undefined
  if (process.getuid?.() !== 0) return 'ansible-playbook is not installed, and only root could install it'
  if (!isInstalled('apt-get')) return 'ansible-playbook is not installed, and this is not Debian'
  progress('installing ansible-core')
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const words = ['install', '-q', '-y', '--no-install-recommends', 'ansible-core']
  try {
    await communicate('apt-get', ['update', '-q'], '', env)
    await communicate('apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...words], '', env)
    return undefined
  } catch (error) {
    return `ansible-core could not be installed: ${error instanceof Error ? error.message : error}`
  }
}
