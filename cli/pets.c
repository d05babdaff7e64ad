/* pets - the table. */
#include "cli/pets.h"

const struct pet pets[PETS] = {
	{ "Misty", SPECIES_CAT, "domestic shorthair", "female", "2019-04-11", 4.1 },
	{ "Bruno", SPECIES_DOG, "labrador retriever", "male", "2018-09-02", 31.5 },
	{ "Tiger", SPECIES_CAT, "tabby", "male", "2020-06-20", 5.2 },
	{ "Luna", SPECIES_CAT, "British shorthair", "female", "2021-03-05", 4.6 },
	{ "Bella", SPECIES_DOG, "border collie", "female", "2020-01-17", 17.8 },
	{ "Simba", SPECIES_CAT, "Maine Coon", "male", "2017-11-28", 7.4 },
	{ "Cleo", SPECIES_CAT, "Siamese", "female", "2022-05-09", 3.7 },
	{ "Max", SPECIES_DOG, "beagle", "male", "2019-07-30", 12.3 },
	{ "Oscar", SPECIES_CAT, "domestic shorthair", "male", "2016-08-14", 5.0 },
	{ "Nala", SPECIES_CAT, "Bengal", "female", "2020-12-01", 4.4 },
	{ "Rocky", SPECIES_DOG, "boxer", "male", "2021-10-22", 29.0 },
	{ "Felix", SPECIES_CAT, "tuxedo", "male", "2018-02-03", 5.5 },
	{ "Pixie", SPECIES_CAT, "domestic longhair", "female", "2023-01-26", 3.2 },
	{ "Daisy", SPECIES_DOG, "Jack Russell terrier", "female", "2017-05-19", 6.6 },
	{ "Smokey", SPECIES_CAT, "Russian Blue", "male", "2019-09-07", 4.9 },
	{ "Molly", SPECIES_CAT, "tortoiseshell", "female", "2015-06-12", 4.3 },
	{ "Charlie", SPECIES_DOG, "cocker spaniel", "male", "2022-02-14", 13.1 },
	{ "Ginger", SPECIES_CAT, "domestic shorthair", "male", "2021-07-08", 5.3 },
	{ "Shadow", SPECIES_CAT, "Bombay", "male", "2020-10-31", 4.7 },
	{ "Willow", SPECIES_CAT, "Ragdoll", "female", "2018-12-24", 5.1 },
};

json_t *pet_json(const struct pet *p)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:f}", "name", p->name, "species",
		p->species == SPECIES_DOG ? "dog" : "cat", "breed", p->breed, "sex", p->sex, "birth", p->birth,
		"weight_kg", p->weight_kg);
}
