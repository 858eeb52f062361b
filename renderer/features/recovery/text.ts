/** What is said about the recovery code. */
export const text = {
  offer: {
    title: 'A way back in',
    lead: 'If you forget the passphrase, or this computer loses its keychain, nobody can open the vault for you. A recovery code on paper can. It takes two minutes.',
    later: 'Not now',
    laterMeaning: 'You can make one at any time in Settings.',
  },
  make: {
    presence: 'Your passphrase, to make the code',
    action: 'Make the code',
  },
  show: {
    title: 'Print it, or write it down',
    lead: 'This code alone opens your vault, without passphrase and without this computer. It is shown only now. Keep it apart from the computer, as you would a key.',
    print: 'Print',
    printer: 'A printer in an office may keep a copy.',
    next: 'I have it on paper',
  },
  sheet: {
    title: 'Counterfoil: recovery code',
    made: (date: string) => `Made on ${date}.`,
    use: 'On the page that asks for the passphrase, choose “Use the recovery code”. Capitals and dashes do not matter.',
    keep: 'Whoever has this paper and your data can open the vault.',
  },
  type: {
    title: 'Type it once, from the paper',
    lead: 'So that you know the paper is right before you need it.',
    label: 'Recovery code',
    action: 'Check',
    busy: 'Checking…',
    again: 'Show the code again',
  },
  done: {
    title: 'The code works',
    lead: 'Put the paper in a safe place. The code stays valid until you make a new one.',
    close: 'Done',
  },
  setting: {
    meaning:
      'Opens the vault when the passphrase is forgotten or the keychain is lost. On paper only; Counterfoil keeps no copy of it.',
    states: {
      none: 'None',
      untested: 'Made, not tested',
      tested: 'Tested',
      lost: 'Not valid any more',
    },
    at: { untested: 'made', tested: 'tested', lost: 'found' },
    olderWorks: 'The code before it still works, until you type the new one.',
    untested: 'It works, but nobody has checked the paper. Type it once, or make a new one.',
    lost: 'The list of what opens the vault was changed by another program, so no earlier code is accepted. Make a new one, and look at the audit log.',
    make: 'Make a code',
    makeNew: 'Make a new code',
    test: 'Type it to test it',
    replaces: 'The one you have works until you have typed the new one.',
    cancel: 'Cancel',
  },
} as const;
