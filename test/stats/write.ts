/** Makes the tables of docs/statistics.md anew. */
import { statisticsDocument } from './document.ts';

statisticsDocument().write();
