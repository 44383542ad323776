export {
  type Bind9PrimaryOptions,
  type Bind9SecondaryOptions,
  bind9Primary,
  bind9Secondary,
} from './bind9-zone/index.ts'
export { type CronJobOptions, cronJob } from './cron-job/index.ts'
export {
  type MariadbDatabase,
  type MariadbDatabaseOptions,
  type MariadbUser,
  mariadbDatabase,
} from './mariadb-database/index.ts'
export { type NginxMapEntry, type NginxMapOptions, nginxMap } from './nginx-map/index.ts'
export { type NginxSiteOptions, nginxSite } from './nginx-site/index.ts'
export {
  type PostfixAlias,
  type PostfixAliasesOptions,
  type PostfixDomain,
  type PostfixDomainsOptions,
  type PostfixMailbox,
  type PostfixMailboxesOptions,
  type PostfixTablesOptions,
  postfixAliases,
  postfixDomains,
  postfixMailboxes,
} from './postfix-virtual/index.ts'
export { type UnixUserOptions, unixUser } from './unix-user/index.ts'
