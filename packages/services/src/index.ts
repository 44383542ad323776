export {
  type Bind9PrimaryOptions,
  type Bind9SecondaryOptions,
  bind9Primary,
  bind9Secondary,
} from './bind9-zone/index.ts'
export { type CronJobOptions, cronJob } from './cron-job/index.ts'
export { type NginxSiteOptions, nginxSite } from './nginx-site/index.ts'
export { type UnixUserOptions, unixUser } from './unix-user/index.ts'
