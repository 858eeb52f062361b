/** The bank's books. Invented, and forgotten when the API stops. */
export interface Account {
  readonly id: string;
  readonly name: string;
  readonly iban: string;
  readonly currency: string;
}

export interface Transaction {
  readonly date: string;
  readonly text: string;
  readonly amount: string;
}

export const accounts: readonly Account[] = [
  { id: 'main', name: 'Everyday account', iban: 'DE02100100109307118603', currency: 'EUR' },
  { id: 'savings', name: 'Savings', iban: 'DE77100100109307118604', currency: 'EUR' },
];

export const balances: Readonly<Record<string, string>> = { main: '2418.55', savings: '11200.00' };

export const transactions: Readonly<Record<string, readonly Transaction[]>> = {
  main: [
    { date: '2026-11-03', text: 'Grocer at the corner', amount: '-42.10' },
    { date: '2026-11-02', text: 'Salary', amount: '3150.00' },
    { date: '2026-11-01', text: 'Rent', amount: '-980.00' },
  ],
  savings: [{ date: '2026-10-31', text: 'Interest', amount: '14.02' }],
};
