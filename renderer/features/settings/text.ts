/** What the settings page says. */
export const text = {
  title: 'Settings',
  notification: {
    title: 'Approve low risk on the notification',
    meaning:
      'Lets you approve, with one click on the notification and without your passphrase, what a known agent had approved once before, for at most 15 minutes; any program that runs as you could click there, too, so this is off unless you turn it on.',
    on: 'On',
    off: 'Off',
    turnOn: 'Turn on',
    turnOff: 'Turn off',
    presence: { on: 'Your passphrase, to turn this on', off: 'Your passphrase, to turn this off' },
    states: {
      ready: 'Notifications work on this system.',
      changed: 'The program that shows notifications was replaced. Nothing is accepted from it until you lock and unlock.',
      absent: 'This system shows no notifications. Requests wait in the inbox.',
    },
  },
  recovery: { title: 'Recovery code' },
  passphrase: {
    title: 'Passphrase',
    meaning: 'The one before opens nothing from then on. A recovery code stays valid.',
    change: 'Change the passphrase',
    current: 'Your passphrase',
    next: 'The new one',
    repeat: 'The new one, once more',
    suggest: 'Suggest one',
    another: 'Another one',
    hint: 'At least 60 bits: five or more words that do not belong together.',
    suggestion: 'Five random words. Write them down now: they are shown once.',
    different: 'The two are not the same.',
    action: 'Change it',
    busy: 'Changing it…',
    cancel: 'Cancel',
    done: 'The passphrase was changed.',
  },
  theme: {
    title: 'Appearance',
    label: 'Theme',
    names: { auto: 'As the system', light: 'Light', dark: 'Dark' },
    meaning: 'Kept on this machine only.',
  },
  protection: {
    title: 'Where your keys rest',
    os: 'In the keychain of this system, and sealed by your passphrase.',
    file: 'In a file, sealed by your passphrase alone: this system offers no keychain. Whoever copies the file can try passphrases.',
    memory: 'In memory only. They are gone when Counterfoil stops.',
    honest:
      'Programs that run as you can usually read the unlocked keychain and the database: against them only your passphrase stands.',
  },
  lock: {
    title: 'Lock',
    meaning: 'Keys leave the memory. Agents can ask, but nothing is granted and no call goes through.',
    now: 'Lock now',
  },
  about: { title: 'About', version: 'Version', issuer: 'Address for agents' },
  problem: { title: 'The settings could not be read', unaffected: 'They are as they were.' },
} as const;
