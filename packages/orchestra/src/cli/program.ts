import { Command } from 'commander'
import { ownVersion } from '../operate/index.ts'
import { addAdoptCommand } from './adopt.ts'
import { addApplyCommand } from './apply.ts'
import { addApprovalsCommand } from './approvals.ts'
import { addAuditCommands } from './audit.ts'
import { addBindingCommands } from './binding.ts'
import { addBulkCommands } from './bulk.ts'
import { addChannelCommands } from './channel.ts'
import { addCollectCommand } from './collect.ts'
import type { Act } from './command.ts'
import { addCompletionCommand } from './completion.ts'
import { addConfiguredCommands } from './configured.ts'
import { addDoctorCommand } from './doctor.ts'
import { addDriftCommand } from './drift.ts'
import { addDriftCauseCommands } from './drift-causes.ts'
import { addEventCommands } from './event.ts'
import { addExplainCommand } from './explain.ts'
import { addFindCommand } from './find.ts'
import { addForgetCommand } from './forget.ts'
import { addGrantsCommand } from './grants.ts'
import { addHookCommands } from './hook.ts'
import { addIncidentCommands } from './incident.ts'
import { addInitCommand } from './init.ts'
import { addKeyCommands } from './key.ts'
import { addLogCommands } from './log.ts'
import { addSessionCommands } from './login-session.ts'
import { addMatrixCommand } from './matrix.ts'
import { addMetricsCommand } from './metrics.ts'
import { addObjectCommands } from './object.ts'
import { addOperationCommands } from './operation.ts'
import { addPauseCommands } from './pause.ts'
import { addPlaceCommands } from './place.ts'
import { addPlanCommand } from './plan.ts'
import { addProtectCommands } from './protect.ts'
import { addRequestCommands } from './request.ts'
import { addRoleCommands } from './role.ts'
import { addRouteCommands } from './route.ts'
import { addScheduleCommands } from './schedule.ts'
import { addServeCommand } from './serve.ts'
import { addServerCommands } from './server.ts'
import { addStatusCommand } from './status.ts'
import { addStoreCommands } from './store.ts'
import { addSyncCommand } from './sync.ts'
import { harmless, type Streams } from './terminal.ts'
import { addTokenCommands } from './token.ts'
import { addTransferCommands } from './transfer.ts'
import { addTrashCommands } from './trash.ts'
import { addUninstallCommand } from './uninstall.ts'
import { addUnitCommands } from './unit.ts'
import { addUpCommand } from './up.ts'
import { addUserCommands } from './user.ts'
import { addViewCommands } from './view.ts'
import { addWorkCommands } from './work.ts'

const closing = `
Exit codes: 0 done, 1 error, 2 something failed or is pending, or nobody agreed.
A first time: orchestra init, orchestra up, orchestra server add, orchestra route add.`

/** The whole command: every family adds its own. */
export function createProgram(act: Act, streams: Pick<Streams, 'stdout' | 'stderr'>): Command {
  const program = new Command('orchestra')
    .description("Keeps servers in step with an application's database")
    .version(ownVersion(), '-V, --version', 'Print the version')
    .helpOption('-h, --help', 'Show what a command does')
    .helpCommand('help [command]', 'Show what a command does')
    .option('--config <file>', 'The configuration; default orchestra.config.ts here or above')
    .option('--json', 'Print JSON for programs')
    .option('--by <name>', 'Who does it, for the audit; default the system user')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => streams.stdout.write(harmless(text)),
      writeErr: (text) => streams.stderr.write(harmless(text)),
      // Errors are shown once, at the end, in the form of all others.
      outputError: () => undefined,
    })
    .exitOverride()
    .addHelpText('after', closing)
  addInitCommand(program, act)
  addUpCommand(program, act)
  addServeCommand(program, act)
  addServerCommands(program, act)
  addRouteCommands(program, act)
  addStatusCommand(program, act)
  addMatrixCommand(program, act)
  addFindCommand(program, act)
  addMetricsCommand(program, act)
  addIncidentCommands(program, act)
  addChannelCommands(program, act)
  addHookCommands(program, act)
  addPlanCommand(program, act)
  addApplyCommand(program, act)
  addApprovalsCommand(program, act)
  addSyncCommand(program, act)
  addDriftCauseCommands(addDriftCommand(program, act), act)
  addAdoptCommand(program, act)
  addExplainCommand(program, act)
  addObjectCommands(program, act)
  addPlaceCommands(program, act)
  addUnitCommands(program, act)
  addOperationCommands(program, act)
  addLogCommands(program, act)
  addWorkCommands(program, act)
  addCollectCommand(program, act)
  addRequestCommands(program, act)
  addViewCommands(program, act)
  addBulkCommands(program, act)
  addPauseCommands(program, act)
  addProtectCommands(program, act)
  addForgetCommand(program, act)
  addTrashCommands(program, act)
  addKeyCommands(program, act)
  addStoreCommands(program, act)
  addEventCommands(program, act)
  addAuditCommands(program, act)
  addConfiguredCommands(program, act)
  addScheduleCommands(program, act)
  addTransferCommands(program, act)
  addUserCommands(program, act)
  addTokenCommands(program, act)
  addRoleCommands(program, act)
  addBindingCommands(program, act)
  addSessionCommands(program, act)
  addDoctorCommand(program, act)
  addGrantsCommand(program, act)
  addUninstallCommand(program, act)
  addCompletionCommand(program, act)
  return program
}
