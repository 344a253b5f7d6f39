drop table person_past;
