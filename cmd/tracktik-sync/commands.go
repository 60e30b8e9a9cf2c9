package main

// The command tree. A command is a file of its own with a constructor; this is
// the one place that names them all.
var (
	commands = []constructor{
		newPlan,
		newApply,
		newSync,
		newRun,
		newStatus,
		newProblems,
		newCompare,
		newExplain,
		newHistory,
		newReport,
		newAccess,
		newRetry,
		newForget,
		newLink,
		newUnlink,
		newRestore,
		newRetire,
		newCheck,
		newAuth,
		newState,
		newConfig,
		newNotify,
		newVersion,
		newDocs,
	}
	stateCommands = []constructor{
		newStateInit,
		newStateBackup,
		newStateRestore,
		newStateVerify,
		newStateExport,
		newStateRebind,
		newStateRekey,
	}
	authCommands = []constructor{
		newAuthLogin,
		newAuthStatus,
		newAuthLogout,
	}
	notifyCommands = []constructor{
		newNotifyTest,
	}
	configCommands = []constructor{
		newConfigInit,
		newConfigValidate,
		newConfigShow,
		newImportMappings,
	}
)
